//! Machine code in memory: who owns it, and how it is called.
//!
//! Two things need `unsafe` here: freeing the memory of a finished module, and calling into it.

#![allow(unsafe_code, reason = "a finished module is freed by hand, and calling it is calling a pointer")]

use std::fmt;
use std::mem::ManuallyDrop;
use std::sync::{Arc, OnceLock};

use cranelift_codegen::Context;
use cranelift_codegen::binemit::Reloc;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{FuncRef, Function, GlobalValueData, InstBuilder, Signature};
use cranelift_codegen::isa::{CallConv, OwnedTargetIsa};
use cranelift_codegen::settings::{self, Configurable, Flags};
use cranelift_frontend::FunctionBuilder;
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{DataDescription, FuncId, Linkage, Module as _, ModuleReloc, ModuleRelocTarget};

use super::host::HostFn;
use super::wide::{self, Refused, WideCode};
use crate::callback::{Callback, CallbackFn};
use crate::error::Error;
use crate::lang::cells::Cells;
use crate::plan::width::Shape;

fn codegen_error(error: impl fmt::Display) -> Error {
    Error::Codegen(error.to_string())
}

/// The machine that this process runs on, with every feature that it has.
fn isa() -> Result<OwnedTargetIsa, Error> {
    static ISA: OnceLock<Result<OwnedTargetIsa, String>> = OnceLock::new();
    let isa = ISA.get_or_init(|| {
        let mut flags = settings::builder();
        let mut set = |name: &str, value: &str| flags.set(name, value).map_err(|error| error.to_string());
        set("opt_level", "speed")?;
        set("is_pic", "false")?;
        set("use_colocated_libcalls", "false")?;
        set("unwind_info", "false")?;
        // Scratch memory on the stack may be larger than a guard page.
        set("enable_probestack", "true")?;
        set("probestack_strategy", "inline")?;
        set("enable_verifier", if cfg!(debug_assertions) { "true" } else { "false" })?;
        let isa = cranelift_native::builder().map_err(str::to_string)?;
        isa.finish(Flags::new(flags)).map_err(|error| error.to_string())
    });
    isa.clone().map_err(Error::Codegen)
}

/// Code begins at a cache line, and so do constants behind it.
const CODE_ALIGNMENT: u64 = 64;

/// A module under construction. Whatever happens to it, its memory is freed.
pub struct Module {
    /// `None` only while `Drop` takes it apart.
    inner: ManuallyDrop<JITModule>,
}

impl Module {
    /// An empty module, from which the host's functions can be called.
    pub fn new() -> Result<Module, Error> {
        let mut builder = JITBuilder::with_isa(isa()?, cranelift_module::default_libcall_names());
        #[cfg(target_arch = "x86_64")]
        builder.memory_provider(Box::new(super::memory::KernelMemory::default()));
        builder.symbols(HostFn::ALL.map(|function| (function.symbol(), function.address())));
        Ok(Module { inner: ManuallyDrop::new(JITModule::new(builder)) })
    }

    /// Cranelift's own view of the module.
    pub fn jit(&mut self) -> &mut JITModule {
        &mut self.inner
    }

    /// The convention by which compiled code is called, and calls.
    pub fn call_conv(&self) -> CallConv {
        self.inner.isa().default_call_conv()
    }

    /// A function of the host, to be called from the function that `b` builds.
    pub fn import(&mut self, b: &mut FunctionBuilder<'_>, function: HostFn) -> Result<FuncRef, Error> {
        let signature = function.signature(self.call_conv());
        let id = self.inner.declare_function(function.symbol(), Linkage::Import, &signature).map_err(codegen_error)?;
        Ok(self.inner.declare_func_in_func(id, b.func))
    }

    /// The address of a constant table, which is not empty; it is known where `b` stands.
    pub fn table(
        &mut self,
        b: &mut FunctionBuilder<'_>,
        bytes: impl Iterator<Item = u8>,
    ) -> Result<cranelift_codegen::ir::Value, Error> {
        let id = self.inner.declare_anonymous_data(false, false).map_err(codegen_error)?;
        let mut data = DataDescription::new();
        data.set_align(8);
        data.define(bytes.collect());
        self.inner.define_data(id, &data).map_err(codegen_error)?;
        let global = self.inner.declare_data_in_func(id, b.func);
        // The table may be anywhere in memory: a large one may be more than 2 GiB away from the code, where an address
        // relative to the code does not reach.
        if let GlobalValueData::Symbol { colocated, .. } = &mut b.func.global_values[global] {
            *colocated = false;
        }
        Ok(b.ins().symbol_value(I64, global))
    }

    /// The machine code of `function`, as text.
    pub fn disassemble(&mut self, function: Function) -> Result<String, Error> {
        let mut context = Context::for_function(function);
        context.set_disasm(true);
        let isa = isa()?;
        let code = context.compile(&*isa, &mut Default::default()).map_err(|error| codegen_error(error.inner))?;
        Ok(code.vcode.clone().unwrap_or_default())
    }

    /// The code for `function`, whose loop computes in each turn as many blocks of so many pixels as registers of this shape have, if
    /// there is such code; its text, too, if it is asked for.
    pub fn widened(
        &mut self,
        function: Function,
        pixels: usize,
        shape: Shape,
        listing: bool,
    ) -> Result<Result<WideCode, Refused>, Error> {
        let mut context = Context::for_function(function);
        context.optimize(&*isa()?, &mut Default::default()).map_err(codegen_error)?;
        Ok(wide::lower(&context.func, pixels, shape, listing))
    }

    /// Puts code into the module, and makes the module's memory executable.
    pub fn finish_bytes(mut self, code: WideCode) -> Result<Arc<MachineCode>, Error> {
        let signature = Signature::new(self.call_conv());
        let id = self.inner.declare_function("kernel", Linkage::Export, &signature).map_err(codegen_error)?;
        let relocations = code.symbols.into_iter().map(|(at, symbol)| ModuleReloc {
            offset: at as u32,
            kind: Reloc::Abs8,
            name: ModuleRelocTarget::user(symbol.namespace, symbol.index),
            addend: 0,
        });
        let relocations: Vec<ModuleReloc> = relocations.collect();
        self.inner.define_function_bytes(id, CODE_ALIGNMENT, &code.bytes, &relocations).map_err(codegen_error)?;
        self.executable(id)
    }

    /// Compiles `function`, and makes the module's memory executable.
    pub fn finish(mut self, function: Function) -> Result<Arc<MachineCode>, Error> {
        let mut context = Context::for_function(function);
        let id =
            self.inner.declare_function("kernel", Linkage::Export, &context.func.signature).map_err(codegen_error)?;
        self.inner.define_function(id, &mut context).map_err(|error| codegen_error(format!("{error:?}")))?;
        self.executable(id)
    }

    fn executable(mut self, id: FuncId) -> Result<Arc<MachineCode>, Error> {
        self.inner.finalize_definitions().map_err(codegen_error)?;
        let entry = self.inner.get_finalized_function(id);
        Ok(Arc::new(MachineCode { entry, _module: self }))
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        // SAFETY: `inner` is taken once, here. No code of the module is running: before `finish` none was handed out,
        // and after it every caller holds the `Arc<MachineCode>` that owns the module.
        unsafe { ManuallyDrop::take(&mut self.inner).free_memory() }
    }
}

/// A compiled function and the memory that it lives in.
pub struct MachineCode {
    entry: *const u8,
    _module: Module,
}

// SAFETY: after `finish` nothing changes: `entry` points into memory that is read-only and executable, and the module
// is only kept to be freed, which the last owner does alone.
unsafe impl Send for MachineCode {}
// SAFETY: as for `Send`; shared references can only read `entry`.
unsafe impl Sync for MachineCode {}

/// The callback at the entry of `code`, which [`super::callback`] made for these cells, or for any number of them.
pub fn callback(code: Arc<MachineCode>, cells: Option<&Cells>) -> Callback {
    // SAFETY: code of that origin has this signature, reads its user data as promised, and lives as long as its owner.
    unsafe { Callback::compiled(std::mem::transmute::<*const u8, CallbackFn>(code.entry), code, cells) }
}

/// What the code for rows is called with besides rows.
#[repr(C)]
pub(crate) struct Frame {
    /// The values of params, then of the weights vectors.
    pub constants: *const f64,
    /// The first pixel's index along each axis of the window.
    pub position: *const f64,
    /// Memory for [`crate::plan::pass::Pass::scratch_bytes`].
    pub scratch: *mut f64,
}

type RowFn = unsafe extern "C" fn(*const *const u8, *const *mut u8, usize, *const Frame) -> usize;

/// The code of a pass for a run of pixels, and what keeps it alive.
#[derive(Clone)]
pub(crate) struct RowCode {
    function: RowFn,
    _code: Arc<MachineCode>,
}

impl RowCode {
    /// The code that `codegen::row` has made.
    pub(super) fn new(code: Arc<MachineCode>) -> RowCode {
        // SAFETY: `codegen::row` makes functions of this signature.
        let function = unsafe { std::mem::transmute::<*const u8, RowFn>(code.entry) };
        RowCode { function, _code: code }
    }

    /// Computes `len` pixels; the number of them before the first that fails.
    ///
    /// # Safety
    ///
    /// There is an address in `rows` for each row of the code's pass, around which its cells can be read for `len` pixels,
    /// and one in `outputs` for each output of each row of pixels, to which `len` elements can be written. `len` is at least
    /// the pass's step: a block, or several with wide vectors. The pointers of `frame` are valid for what the pass needs.
    #[inline(always)]
    pub(crate) unsafe fn call(&self, rows: &[*const u8], outputs: &[*mut u8], len: usize, frame: &Frame) -> usize {
        // SAFETY: by the contract above.
        unsafe { (self.function)(rows.as_ptr(), outputs.as_ptr(), len, frame) }
    }
}

impl fmt::Debug for RowCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RowCode({:p})", self.function)
    }
}

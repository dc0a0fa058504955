//! Kernels of [Hoodoo](hoodoo) that are checked while a Rust program is compiled: a mistake in one is an error of the
//! program, with the place underlined.
//!
//! ```
//! use hoodoo::Filter;
//! use hoodoo_macros::kernel;
//!
//! let image = ndarray::array![[3u8, 1, 2], [9, 8, 7], [4, 6, 5]];
//! let edges = Filter::new(kernel!("max(w) - min(w)")).size(3).run(&image)?;
//! assert_eq!(edges[[1, 1]], 8);
//! # Ok::<(), hoodoo::Error>(())
//! ```
//!
//! The program depends on both crates, and has this one's kernels run by whatever engines its `hoodoo` has. The macros
//! themselves are built with the language alone, so they add nothing of the code generator to the build.

use std::fs;
use std::path::Path;

use hoodoo::Kernel;
use proc_macro::TokenStream;
use quote::quote;
use syn::LitStr;
use syn::parse::{Parse, ParseStream};

/// A kernel, from a string literal: a `&'static hoodoo::Kernel`.
///
/// It is parsed and checked while the program is compiled. The first time that the expression is evaluated it is made
/// ready, and every later time it is the same kernel, with the machine code that was made for it.
///
/// Ordinary literals, with escapes and over several lines, and raw ones are taken. `concat!`, constants and variables are
/// not: a macro sees the text of the program only. For these there is `Kernel::compile`.
///
/// ```
/// use hoodoo_macros::kernel;
///
/// let kernel = kernel!(
///     "param t = 0.5;            # a comment ends with its line
///      if max(w) - min(w) > t then 1 else 0"
/// );
/// assert_eq!(kernel.params()[0].name, "t");
/// ```
///
/// ```compile_fail
/// let kernel = hoodoo_macros::kernel!("max(w) - mim(w)");
/// ```
#[proc_macro]
pub fn kernel(arguments: TokenStream) -> TokenStream {
    expand(arguments, |literal| {
        let source = literal.value();
        check(&source, "kernel")?;
        Ok(quote!(::hoodoo::Kernel::compile(#source)))
    })
}

/// A kernel, from a file: a `&'static hoodoo::Kernel`.
///
/// The path is a string literal, relative to the directory of the package's `Cargo.toml`. The file is read and checked
/// while the program is compiled, becomes part of it, and the program is compiled again when the file has changed.
///
/// ```
/// use hoodoo_macros::kernel_file;
///
/// let edges = kernel_file!("tests/kernels/edges.hood");
/// assert_eq!(edges.inputs(), ["w"]);
/// ```
#[proc_macro]
pub fn kernel_file(arguments: TokenStream) -> TokenStream {
    expand(arguments, |literal| {
        let name = literal.value();
        // Cargo sets it for every package that it compiles; without it, the path is relative to where rustc runs.
        let directory = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
        let path = checked_file(Path::new(&directory), &name)?;
        // The compiler takes note of the file by `include_str`.
        let source = quote!(::core::include_str!(#path).trim_start_matches(#BYTE_ORDER_MARK));
        Ok(quote!(::hoodoo::Kernel::compile_from(#source, #name)))
    })
}

/// What some editors put in front of a text.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// The only argument of the macros.
struct Argument(LitStr);

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> syn::Result<Argument> {
        let explain = |error: syn::Error| {
            let message = "one string literal is needed here: `concat!`, constants and variables are not known yet when \
                           the macro is expanded; for these there is `hoodoo::Kernel::compile`";
            syn::Error::new(error.span(), message)
        };
        let literal = input.parse().map_err(explain)?;
        input.parse::<Option<syn::Token![,]>>()?;
        if input.is_empty() { Ok(Argument(literal)) } else { Err(explain(input.error("not the end"))) }
    }
}

/// Checks that `source`, which stands in `origin`, is a kernel; what is wrong with it otherwise, with the place drawn.
fn check(source: &str, origin: &str) -> Result<(), String> {
    Kernel::compile_from(source, origin).map(drop).map_err(|error| match error {
        hoodoo::Error::Kernel(error) => {
            // rustc puts its own `error` in front.
            let text = error.render(false);
            let drawing = text.split_once('\n').map_or("", |(_, drawing)| drawing);
            format!("{} [{}]\n{drawing}", error.message(), error.code())
        }
        error => error.to_string(),
    })
}

/// The path of the file `name` below `directory`, which has a kernel.
fn checked_file(directory: &Path, name: &str) -> Result<String, String> {
    let path = directory.join(name);
    let source = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    check(source.trim_start_matches(BYTE_ORDER_MARK), name)?;
    path.into_os_string().into_string().map_err(|path| format!("{}: the path is not UTF-8", path.display()))
}

/// A reference to the kernel that `compile` makes an expression for, or the error at the argument. (Rust that is stable
/// can't point inside a literal, so the message draws the place.)
fn expand(
    arguments: TokenStream,
    compile: impl FnOnce(&LitStr) -> Result<proc_macro2::TokenStream, String>,
) -> TokenStream {
    let expanded = syn::parse(arguments)
        .and_then(|Argument(literal)| compile(&literal).map_err(|message| syn::Error::new(literal.span(), message)));
    match expanded {
        Ok(compile) => quote! {{
            static KERNEL: ::std::sync::LazyLock<::hoodoo::Kernel> = ::std::sync::LazyLock::new(|| {
                #compile.expect("the kernel was checked when the program was compiled")
            });
            &*KERNEL
        }},
        Err(error) => error.into_compile_error(),
    }
    .into()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::checked_file;

    /// What `kernel_file!` says of a file in `tests/kernels`.
    fn message(name: &str) -> String {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kernels");
        let message = checked_file(&directory, name).unwrap_err();
        message.replace(directory.to_str().expect("the path is UTF-8"), "DIR").replace('\\', "/")
    }

    #[test]
    fn a_mistake_in_a_file_has_its_place() {
        let message = message("mistake.hood");
        assert!(message.contains("--> mistake.hood:3:18"), "{message}");
        assert!(message.contains("3 | sqrt(mean((w - m)^2))"), "{message}");
    }

    #[test]
    fn a_file_that_can_not_be_read_is_named() {
        for name in ["there_is_none.hood", "not_utf8.hood", ""] {
            let message = message(name);
            assert!(message.starts_with(&format!("DIR/{name}: ")), "{message}");
        }
    }
}

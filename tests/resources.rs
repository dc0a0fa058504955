//! What runs and kernels take of a process: memory for windows, maps for code, time until they stop.

use std::time::{Duration, Instant};

use hoodoo::{AnyElement, Cast, Engine, Error, Filter, Input, Kernel, Mode, Output, PerAxis, Progress};
use ndarray::{Array1, Array2, array};

/// Far more than a run takes until it stops, also on a busy machine; far less than runs that can't be stopped.
const PROMPTLY: Duration = Duration::from_secs(10);

/// The maps of this process.
#[cfg(target_os = "linux")]
fn maps() -> usize {
    std::fs::read_to_string("/proc/self/maps").expect("Linux has it").lines().count()
}

/// The greatest memory that this process has had, in bytes.
#[cfg(target_os = "linux")]
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a line");
    1024 * line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number")
}

#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn live_kernels_share_maps() {
    let before = maps();
    let kernels: Vec<_> = (0..300)
        .map(|number| Kernel::compile(&format!("max(w) + {number}")).expect("a kernel").callback().expect("a callback"))
        .collect();
    let more = maps().saturating_sub(before);
    assert!(more < 60, "{more} maps for {} kernels", kernels.len());
    for (number, kernel) in kernels.iter().enumerate() {
        let (mut window, mut value) = ([3.0, 1.0, 2.0], 0.0);
        // SAFETY: there are three cells and a result, and the callback is alive.
        let status = unsafe { kernel.as_ptr()(window.as_mut_ptr(), 3, &mut value, kernel.user_data()) };
        assert_eq!((status, value), (1, 3.0 + number as f64));
    }
}

#[test]
fn pages_are_used_again() {
    for number in 0..100 {
        let kernel = Kernel::compile(&format!("min(w) + {number}")).expect("a kernel");
        let filter = Filter::new(&kernel).size(3);
        assert_eq!(filter.run(&array![5.0, 4.0, 3.0]).expect("a result")[2], 3.0 + f64::from(number));
    }
}

/// How long a run takes that is cancelled after a tenth of a second.
fn time_until_stopped(kernel: &str, side: usize, engine: Engine) -> Duration {
    let filter = Filter::new(&Kernel::compile(kernel).expect(kernel)).size(side).engine(engine);
    let image = Array2::<f32>::from_shape_fn((side + 64, side + 64), |(y, x)| ((y * 7 + x * 13) % 1000) as f32);
    filter.compile(image.shape(), &[hoodoo::DType::F32], &[hoodoo::DType::F32]).expect(kernel);
    let start = Instant::now();
    let stopped = filter.run_with(&image, &Progress::default().timeout(Duration::from_millis(100)));
    assert!(matches!(stopped, Err(Error::Cancelled)), "{kernel} was over before it could be stopped");
    start.elapsed()
}

#[test]
fn long_pixels_can_be_stopped() {
    // What is made of a window before it starts is not in a debug build's favour, so the bound is a generous one: without looks
    // each of these takes minutes.
    for kernel in [
        "fold s = 0 for v in w: s + v * median(w where w > v)",
        "fold a = 0 for v in w: fold b = a for u in w: b + exp(u * v)",
        "mode(w)",
        "variety(w * w[0, 0])",
    ] {
        for engine in [Engine::Rows, Engine::Interpreter] {
            let time = time_until_stopped(kernel, 151, engine);
            assert!(time < PROMPTLY, "{kernel} {engine:?}: {time:?}");
        }
    }
}

#[test]
fn windows_that_move_and_passes_can_be_stopped() {
    let image = Array2::<f32>::from_shape_fn((2000, 2000), |(y, x)| ((y * 7 + x * 13) % 997) as f32);
    let bytes = image.mapv(|value| value as u8);
    for kernel in ["median(w)", "percentile(w where w > 9, 30)", "mode(w)", "std(w)", "median(w) - mean(w)"] {
        let filter = Filter::new(&Kernel::compile(kernel).expect(kernel)).size(101).threads(1);
        let stopped = |image: Input<'_>, output: Output<'_>| {
            let start = Instant::now();
            let progress = Progress::default().timeout(Duration::from_millis(50));
            let result = filter.run_all_into(&[image], &mut [output], &progress);
            assert!(matches!(result, Ok(()) | Err(Error::Cancelled)), "{kernel}: {result:?}");
            // In a debug build a row of medians takes some milliseconds.
            assert!(start.elapsed() < PROMPTLY, "{kernel}: {:?}", start.elapsed());
        };
        stopped(Input::from(&image), Output::from(&mut image.clone()));
        stopped(Input::from(&bytes), Output::from(&mut bytes.clone()));
    }
}

/// The plan for a large window is given up when nobody wants it any more, and not kept for the next run.
#[test]
fn planning_can_be_stopped() {
    let image = Array2::<f32>::from_shape_fn((40, 50), |(y, x)| ((y * 7 + x * 13) % 997) as f32);
    let bytes = image.mapv(|value| value as u8);
    for kernel in ["median(w)", "mean(w)", "std(w)", "median(w) - mean(w)"] {
        let filter = Filter::new(&Kernel::compile(kernel).expect(kernel)).size(501).threads(1);
        let stopped = |image: Input<'_>, output: Output<'_>| {
            let start = Instant::now();
            let progress = Progress::default().timeout(Duration::from_millis(1));
            let result = filter.run_all_into(&[image], &mut [output], &progress);
            assert!(matches!(result, Err(Error::Cancelled)), "{kernel}: {result:?}");
            // A debug build takes its time for each of so many cells.
            assert!(start.elapsed() < PROMPTLY, "{kernel}: {:?}", start.elapsed());
        };
        stopped(Input::from(&image), Output::from(&mut image.clone()));
        stopped(Input::from(&bytes), Output::from(&mut bytes.clone()));
    }
    // A run that is stopped while it plans leaves nothing behind that another one would find.
    let filter = Filter::new(&Kernel::compile("median(w) - min(w)").expect("a kernel")).size(151);
    let expected = filter.clone().cut(hoodoo::Cut::Always).run(&bytes).expect("a result");
    for microseconds in [1, 100, 300, 1000, 3000] {
        let progress = Progress::default().timeout(Duration::from_micros(microseconds));
        let result = filter.run_with(&bytes, &progress);
        assert!(result.is_ok_and(|values| values == expected) || progress.is_cancelled());
    }
    assert_eq!(filter.run(&bytes).expect("a result"), expected);
}

#[test]
fn a_cancelled_run_makes_no_code() {
    let progress = Progress::default();
    progress.cancel();
    let filter = Filter::new(&Kernel::compile("median(w)").expect("a kernel")).size(9);
    assert!(matches!(filter.run_with(&Array1::<f32>::zeros(10), &progress), Err(Error::Cancelled)));
}

#[test]
#[cfg(target_os = "linux")]
fn a_window_that_is_not_read_costs_nothing() {
    let before = peak();
    let filter = Filter::new(&Kernel::compile("w[0, 0] + w[1, 0]").expect("a kernel")).size(4001);
    assert_eq!(filter.run(&array![[2.0]]).expect("a result")[[0, 0]], 4.0);
    let more = peak() - before;
    assert!(more < 512 << 20, "{more} bytes");
}

/// Runs a test of this file again, alone in a process with these limits of `ulimit` and this size of threads' stacks.
#[cfg(target_os = "linux")]
fn again(test: &str, limits: &str, stack: u64) {
    let script = format!("{limits}; exec \"$0\" --exact {test} --test-threads=1 --nocapture");
    let mut command = std::process::Command::new("sh");
    command.args(["-c", &script]).arg(std::env::current_exe().expect("a path"));
    command.env("RUST_MIN_STACK", stack.to_string()).env("RAYON_NUM_THREADS", "16").env(LIMITED, test);
    let output = command.output().expect("a shell");
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success() && said.contains("1 passed"), "{limits}, {stack}: {said}");
}

/// Set where a test runs again.
#[cfg(target_os = "linux")]
const LIMITED: &str = "HOODOO_LIMITED";

/// The limit of processes does not hold for all users, so that threads are refused for want of address space here.
#[test]
#[cfg(target_os = "linux")]
fn without_threads() {
    if std::env::var_os(LIMITED).is_none() {
        // For none, and for a few of the sixteen that are wanted.
        again("without_threads", "true", 1 << 50);
        return again("without_threads", "ulimit -v 3000000", 1 << 29);
    }
    let sixteen =
        || (0..16).map(|_| std::thread::Builder::new().spawn(|| std::thread::sleep(Duration::from_millis(100))));
    assert!(sixteen().any(|thread| thread.is_err()), "there are threads");
    assert!(hoodoo::available_threads() < 16);
    let image = Array2::from_shape_fn((700, 900), |(y, x)| ((y * 31 + x * 17) % 251) as u8);
    for engine in [Engine::Rows, Engine::Callback, Engine::Interpreter] {
        let filter = Filter::new(&Kernel::compile("median(w)").expect("a kernel")).size(3).engine(engine);
        let [one, eight] = [1, 8].map(|threads| filter.clone().threads(threads).run(&image).expect("a result"));
        assert_eq!(one, eight);
    }
}

/// An output for which no memory can be had is an error before anything is computed, and so is memory for windows.
#[test]
fn outputs_without_memory() {
    let one = array![[7u8]];
    let image = one.broadcast((1 << 24, 1 << 22)).expect("it repeats");
    let filter = Filter::new(&Kernel::compile("min(w)").expect("a kernel")).size(3);
    match filter.run(&image) {
        Err(Error::Memory { bytes, .. }) => assert_eq!(bytes, 1 << 46),
        other => panic!("{:?}", other.map(|output| output.dim())),
    }
    let said = filter.run(&image).unwrap_err().to_string();
    assert!(said.contains("70368744177664 bytes"), "{said}");
    assert!(matches!(hoodoo::AnyArray::try_zeros(hoodoo::DType::F64, &[1 << 45]), Err(Error::Memory { .. })));
}

#[test]
fn arguments_are_what_one_would_write() {
    let kernel = Kernel::compile("param t = 0; min(w) + t").expect("a kernel");
    let image = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
    let filter = Filter::new(&kernel);
    let expected = filter.clone().size([1, 3]).run(&image).expect("a result");
    assert_eq!(filter.clone().size((1, 3)).run(&image).expect("a result"), expected);
    assert_eq!(filter.clone().size(vec![1, 3]).run(&image).expect("a result"), expected);
    assert_eq!(filter.clone().footprint(array![[true, true, true]]).run(&image).expect("a result"), expected);
    assert_eq!(filter.clone().size(3).axes(-1).run(&image).expect("a result"), expected);
    let moved = filter.clone().size(3).origin(1).run(&image).expect("a result");
    assert_eq!(filter.clone().size(3).origin(vec![1, 1]).run(&image).expect("a result"), moved);
    assert_eq!(
        filter.clone().size(3).origin([1, 1].into_iter().collect::<PerAxis>()).run(&image).expect("a result"),
        moved
    );
    assert_eq!(filter.clone().size((1, 3)).param("t", 1).run(&image).expect("a result"), expected + 1.0);
}

/// One row of pixels, which several threads divide, and a few rows along a short axis.
#[test]
fn divided_rows_are_the_same() {
    for kernel in ["median(w)", "max(w) - min(w)", "w[1, 0] - w[-1, 0]"] {
        let kernel = Kernel::compile(kernel).expect(kernel);
        for (shape, mode) in
            [((1, 1 << 18), Mode::Reflect), ((1 << 17, 3), Mode::Shrink), ((2, 1 << 17), Mode::Constant)]
        {
            let image = Array2::<f32>::from_shape_fn(shape, |(y, x)| ((y * 31 + x * 17) % 101) as f32);
            let filter = Filter::new(&kernel).size(9).mode(mode);
            let [one, four] = [1, 4].map(|threads| filter.clone().threads(threads).run(&image).expect("a result"));
            let same = |(x, y): (&f32, &f32)| x == y || x.is_nan() && y.is_nan();
            assert!(one.iter().zip(&four).all(same), "{shape:?} {mode:?}");
        }
    }
}

/// The first pixel that fails is named, whichever thread finds one.
#[test]
fn divided_rows_name_the_first_pixel_that_fails() {
    let kernel = Kernel::compile("assert w[0] < 100000; median(w)").expect("a kernel");
    let image = Array1::<f64>::from_iter((0..1 << 18).map(f64::from));
    let failed = Filter::new(&kernel).size(9).threads(4).run(&image).unwrap_err().to_string();
    assert!(failed.contains("[100000]"), "{failed}");
}

/// A value outside the array that its type has not.
fn foreign_constant<T: AnyElement + PartialEq + std::fmt::Debug>(image: &Array2<T>, cval: f64) {
    for source in ["min(w)", "count(isnan(w)) + w[0, 2]", "median(w)"] {
        for cast in [Cast::Saturate, Cast::Wrap] {
            let filter =
                Filter::new(&Kernel::compile(source).expect(source)).size(5).mode(Mode::Constant).cval(cval).cast(cast);
            let [rows, interpreted] = [Engine::Rows, Engine::Interpreter]
                .map(|engine| filter.clone().engine(engine).run(image).expect("a result"));
            assert_eq!(rows, interpreted, "{source} {cval} {}", T::DTYPE);
        }
    }
}

#[test]
fn only_borders_see_a_value_that_the_type_has_not() {
    let image = Array2::from_shape_fn((13, 40), |(y, x)| ((y * 37 + x * 11) % 251) as u8);
    for cval in [-1.0, f64::NAN, 7.0] {
        foreign_constant(&image, cval);
        foreign_constant(&image.mapv(i16::from), cval * 1000.0);
        foreign_constant(&image.mapv(i32::from), cval);
    }
    // The plan for the interior reads the array itself.
    let filter = Filter::new(&Kernel::compile("min(w)").expect("a kernel")).size(3).mode(Mode::Constant).cval(-1.0);
    let large = Array2::<u8>::from_elem((64, 64), 9);
    let eroded = filter.run(&large).expect("a result");
    assert_eq!((eroded[[0, 0]], eroded[[5, 5]]), (0, 9));
}

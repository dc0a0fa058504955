//! The callback as C sees it: status, user data, windows of any length, and who owns the code.

use std::ffi::c_void;
use std::ptr::null_mut;

use hoodoo::{Callback, Engine, Error, Filter, Footprint, Kernel, Mode, Parameters, Window};

fn kernel(source: &str) -> Kernel {
    Kernel::compile(source).expect(source)
}

/// Calls as a C program does, with any user data: the status and the value.
fn call(callback: &Callback, window: &[f64], user_data: *mut c_void) -> (i32, f64) {
    let mut window = window.to_vec();
    let mut value = 0.0;
    let function = callback.as_ptr();
    // SAFETY: the pointers are valid for the lengths passed, and each test passes user data as the kernel needs it.
    let status = unsafe { function(window.as_mut_ptr(), window.len() as isize, &mut value, user_data) };
    (status, value)
}

#[test]
fn any_length_without_footprint() {
    let reversed = |len: usize| (0..len).rev().map(|i| i as f64).collect::<Vec<f64>>();
    let callbacks =
        ["min(w)", "max(w)", "sum(w)", "median(w)", "rank(w, 0)", "argmin(w)", "variety(w)"].map(|source| {
            let kernel = kernel(source);
            kernel.callback().expect(source)
        });
    // On both sides of the length up to which scratch memory is on the stack.
    for len in [1, 2, 3, 9, 1000, 1024, 1025, 5000, 100_000] {
        let window = reversed(len);
        let last = (len - 1) as f64;
        let expected = [0.0, last, last * len as f64 / 2.0, last / 2.0, 0.0, last, len as f64];
        for (callback, expected) in callbacks.iter().zip(expected) {
            assert_eq!(call(callback, &window, null_mut()), (1, expected), "{len} cells");
        }
    }
}

#[test]
fn an_empty_window() {
    let nan = |source: &str| call(&kernel(source).callback().expect(source), &[], null_mut());
    assert_eq!(nan("sum(w)"), (1, 0.0));
    assert_eq!(nan("argmax(w)"), (1, -1.0));
    assert!(["min(w)", "mean(w)", "median(w)", "mode(w)"].iter().all(|source| nan(source).1.is_nan()));
    assert_eq!(nan("rank(w, 0)").0, 0);
    assert_eq!(nan("fold a = 7 for v in w: a + v"), (1, 7.0));
}

#[test]
fn status_0_where_something_does_not_hold() {
    let positive = kernel("assert all(w > 0); min(w)").callback().expect("a callback");
    assert_eq!(call(&positive, &[3.0, 2.0], null_mut()), (1, 2.0));
    assert_eq!(call(&positive, &[3.0, -2.0], null_mut()).0, 0);
    assert_eq!(positive.call(&mut [3.0, -2.0]), None);

    let third = kernel("rank(w, 2)").callback().expect("a callback");
    assert_eq!(call(&third, &[3.0, 2.0, 5.0], null_mut()), (1, 5.0));
    assert_eq!(call(&third, &[3.0, 2.0], null_mut()).0, 0);
    // A length that no caller should pass.
    let (mut window, mut value) = ([1.0], 0.0);
    // SAFETY: the code refuses a negative length before it looks at the window.
    assert_eq!(unsafe { third.as_ptr()(window.as_mut_ptr(), -1, &mut value, null_mut()) }, 0);
}

#[test]
fn user_data_in_the_documented_order() {
    let kernel = kernel("param t; weights k; param s = 2; weights m; t * sum(w * k) + s * sum(w * m)");
    let callback = kernel.callback().expect("a callback");
    let window = [1.0, 10.0, 100.0];
    // The params t and s, then the vectors k and m.
    let mut user_data = [3.0, 5.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0];
    assert_eq!(call(&callback, &window, user_data.as_mut_ptr().cast()), (1, 503.0));
    // Without it, the code must not look.
    assert_eq!(call(&callback, &window, null_mut()).0, 0);
    assert!(callback.user_data().is_null());
    assert_eq!(callback.call(&mut window.clone()), None);

    let parameters = Parameters::new().param("t", 3.0).weights("k", [1.0, 0.0, 0.0]).weights("m", [0.0, 0.0, 1.0]);
    let bound = kernel.callback_with(None, &parameters).expect("a callback");
    assert_eq!(call(&bound, &window, bound.user_data()), (1, 203.0));
    // The weights are for three cells: no safe call may read beyond them.
    assert_eq!(bound.call(&mut [1.0; 4]), None);
    assert!(matches!(kernel.callback_with(None, &Parameters::new()), Err(Error::Argument { argument: "param", .. })));
    let uneven = parameters.weights("m", [1.0]);
    assert!(matches!(kernel.callback_with(None, &uneven), Err(Error::Argument { argument: "weights", .. })));
}

#[test]
fn a_footprint_gives_cells_their_places() {
    let kernel = kernel("w[0, 1] - w[0, -1] + sum(w * offset(0)) + max(dist())");
    let cross = Footprint::cross(2, 1).expect("a footprint");
    let callback = kernel.callback_for(&cross).expect("a callback");
    assert_eq!(callback.window_len(), Some(5));
    // Up, left, centre, right, down.
    assert_eq!(call(&callback, &[1.0, 2.0, 3.0, 4.0, 6.0], null_mut()), (1, 4.0 - 2.0 + 6.0 - 1.0 + 1.0));
    assert_eq!(call(&callback, &[1.0; 9], null_mut()).0, 0);
    assert_eq!(callback.call(&mut [1.0; 9]), None);
    let moved = Footprint::size(&[1, 3]).and_then(|f| f.with_origin(&[0, 1])).expect("a footprint");
    assert!(matches!(kernel.callback_for(&moved), Err(Error::Kernel(_))));
}

#[test]
fn a_large_known_footprint_needs_no_heap() {
    for size in [5, 101, 181, 301] {
        let footprint = Footprint::size(&[size, size]).expect("a footprint");
        let callback = kernel("median(w) + rank(w, -1)").callback_for(&footprint).expect("a callback");
        let cells = size * size;
        let mut window: Vec<f64> = (0..cells).map(|i| ((i * 7919) % cells) as f64).collect();
        let middle = ((cells - 1) / 2) as f64;
        assert_eq!(callback.call(&mut window), Some(middle + (cells - 1) as f64), "{size}");
    }
}

#[test]
fn the_code_lives_as_long_as_its_last_owner() {
    let callback = {
        let kernel = kernel("max(w) - min(w)");
        let first = kernel.callback().expect("a callback");
        first.clone()
    };
    let moved = callback.clone();
    drop(callback);
    let value = std::thread::spawn(move || moved.call(&mut [4.0, 1.0, 9.0])).join().expect("no panic");
    assert_eq!(value, Some(8.0));
}

#[test]
fn threads_share_one_kernel() {
    let kernel = kernel("param t = 1; median(w) * t + exp(w[0, 0] * 0)");
    let image = ndarray::Array2::from_shape_fn((40, 50), |(i, j)| ((i * 31 + j * 17) % 101) as f64);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (kernel, image) = (&kernel, &image);
            scope.spawn(move || {
                for round in 0..10 {
                    let size = 1 + 2 * ((thread + round) % 4);
                    let t = f64::from(thread as u8);
                    let filter = Filter::new(kernel).size(size).mode(Mode::Wrap).param("t", t);
                    let compiled = filter.clone().run(image).expect("a result");
                    let expected = filter.engine(Engine::Interpreter).threads(1).run(image).expect("a result");
                    assert_eq!(compiled, expected);
                }
            });
        }
    });
}

/// Resident memory in KiB.
#[cfg(target_os = "linux")]
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("Linux says it");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
}

#[cfg(target_os = "linux")]
#[test]
fn ten_thousand_kernels_leave_no_memory_behind() {
    let compile = |index: usize| {
        let kernel = kernel(&format!("median(w) + {index} * sum(w * w) + exp(mean(w))"));
        let callback = kernel.callback().expect("a callback");
        assert!(callback.call(&mut [1.0, 2.0, 3.0]).is_some());
    };
    (0..500).for_each(compile);
    let before = resident();
    (500..10_000).for_each(compile);
    let growth = resident().saturating_sub(before);
    // One page for each kernel would be 38 MiB.
    assert!(growth < 16 << 10, "{growth} KiB more than after the first 500");
}

unsafe extern "C" fn sum_of_calls(window: *mut f64, len: isize, value: *mut f64, user_data: *mut c_void) -> i32 {
    // SAFETY: the driver passes `len` cells and room for one value, and the test a counter.
    unsafe {
        let calls = user_data.cast::<usize>();
        *calls += 1;
        *value += *calls as f64;
        // A callback may overwrite its window.
        std::slice::from_raw_parts_mut(window, len as usize).fill(f64::NAN);
    }
    1
}

#[test]
fn a_foreign_callback_sees_the_pixels_in_c_order() {
    let mut calls = 0usize;
    // SAFETY: the counter outlives the callback, which is called on one thread at a time.
    let callback = unsafe { Callback::foreign(sum_of_calls, (&raw mut calls).cast()) };
    let image = ndarray::Array2::<f64>::zeros((150, 120));
    let order = Filter::with_callback(&callback).window(Window::Cross(1)).threads(4).run(&image).expect("a result");
    assert!(order.iter().enumerate().all(|(index, value)| *value == (index + 1) as f64));
    drop(callback);
    assert_eq!(calls, 150 * 120);
}

#[test]
fn a_failure_names_the_first_pixel_whatever_the_threads() {
    let kernel = kernel("assert w[0, 0] != 7; min(w)");
    let mut image = ndarray::Array2::<u16>::zeros((300, 400));
    image[[299, 399]] = 7;
    image[[200, 3]] = 7;
    image[[100, 250]] = 7;
    image[[100, 251]] = 7;
    for engine in [Engine::Rows, Engine::Callback, Engine::Interpreter] {
        for threads in [1, 2, 3, 8] {
            let error = Filter::new(&kernel).size(3).engine(engine).threads(threads).run(&image).unwrap_err();
            assert!(matches!(error, Error::Assertion { ref position, .. } if *position == [100, 250]), "{error}");
        }
    }
}

#[test]
fn arrays_without_elements_and_without_axes() {
    let kernel = kernel("min(w) + 1");
    for shape in [vec![0], vec![0, 5], vec![3, 0, 2]] {
        let image = ndarray::ArrayD::<f32>::zeros(shape.clone());
        assert_eq!(Filter::new(&kernel).size(3).run(&image).expect("a result").shape(), shape);
    }
    let scalar = ndarray::arr0(4i32);
    assert_eq!(Filter::new(&kernel).size(3).run(&scalar).expect("a result"), ndarray::arr0(5));
    let none: [isize; 0] = [];
    let image = ndarray::array![[1.0, 2.0], [3.0, 4.0]];
    let each = Filter::new(&kernel).size(3).axes(none).run(&image).expect("a result");
    assert_eq!(each, &image + 1.0);
}

/// The order of `axes` is the order of the window's axes.
#[test]
fn axes_in_the_order_given() {
    let kernel = kernel("w[0, 1] + 100 * coord(0) + 1000 * extent(1)");
    let image = ndarray::Array2::from_shape_fn((4, 6), |(i, j)| (10 * i + j) as f64);
    let swapped = Filter::new(&kernel).axes([1, 0]).mode(Mode::Wrap).run(&image).expect("a result");
    let expected = ndarray::Array2::from_shape_fn((4, 6), |(i, j)| {
        (10 * ((i + 1) % 4) + j) as f64 + 100.0 * j as f64 + 1000.0 * 4.0
    });
    assert_eq!(swapped, expected);
}

#[test]
fn a_callback_for_one_footprint_refuses_another() {
    let cross = Footprint::cross(2, 1).expect("a footprint");
    let callback = kernel("w[0, 0]").callback_for(&cross).expect("a callback");
    let image = ndarray::Array1::from_elem(9, 1.0);
    let error = Filter::with_callback(&callback).size(5).run(&image).unwrap_err();
    assert_eq!(error.to_string(), "footprint: the callback was compiled for another footprint");
    let plane = image.to_shape((3, 3)).expect("nine elements");
    assert!(Filter::with_callback(&callback).window(Window::Cross(1)).run(&plane).is_ok());
}

/// Along an axis of length 1, every stride is legal.
/// With the weights given, the function itself refuses windows of which they would not cover every cell.
#[test]
fn weights_without_a_footprint_give_the_length() {
    let kernel = kernel("param t = 1; weights k; t * sum(w * k)");
    let callback = kernel.callback_with(None, &Parameters::new().weights("k", [2.0, 3.0])).expect("a callback");
    assert_eq!(callback.window_len(), Some(2));
    assert_eq!(call(&callback, &[1.0, 10.0], callback.user_data()), (1, 32.0));
    for other in [&[][..], &[1.0], &[1.0; 3], &[1.0; 5000]] {
        assert_eq!(call(&callback, other, callback.user_data()).0, 0, "{} cells", other.len());
    }
}

#[test]
fn a_giant_stride() {
    use ndarray::ShapeBuilder;
    let data = [5.0];
    let view = ndarray::ArrayView2::from_shape((1, 1).strides((1, isize::MAX as usize)), &data).expect("a legal view");
    let sum = Filter::new(&kernel("w[0, 3] + w[0, 0] + w[2, -7]")).run(&view).expect("a result");
    assert_eq!(sum[[0, 0]], 15.0);
}

/// A long row is done in parts: a cancellation is seen, progress is reported, and memory does not grow with it.
#[test]
fn a_single_long_row_can_be_cancelled() {
    let image = ndarray::Array1::<f64>::zeros(4_000_000);
    let progress = hoodoo::Progress::default();
    let median = kernel("median(w)");
    let start = std::time::Instant::now();
    let result = std::thread::scope(|scope| {
        let run = scope.spawn(|| Filter::new(&median).size(101).threads(1).run_with(&image, &progress));
        while progress.done() == 0 {
            std::thread::yield_now();
        }
        progress.cancel();
        run.join().expect("no panic")
    });
    assert!(matches!(result, Err(Error::Cancelled)));
    assert!(progress.done() < image.len());
    assert!(start.elapsed() < std::time::Duration::from_secs(10), "{:?}", start.elapsed());
}

#[test]
fn broadcast_and_reversed_inputs() {
    let kernel = kernel("sum(w)");
    let row = ndarray::array![1.0, 2.0, 4.0, 8.0];
    let image = row.broadcast((3, 4)).expect("it broadcasts");
    let filter = Filter::new(&kernel).size(3).mode(Mode::Constant);
    let expected = filter.run(&image.to_owned()).expect("a result");
    assert_eq!(filter.run(&image).expect("a result"), expected);
    let reversed = image.slice(ndarray::s![..;-1, ..;-1]);
    let expected = filter.run(&reversed.to_owned()).expect("a result");
    assert_eq!(filter.run(&reversed).expect("a result"), expected);
}

/// Outputs as functions of params and coordinates, one for each.
#[test]
fn functions_of_a_point() {
    let source =
        "param a = 1; param b = 2; assert coord(0) >= 0; coord(2) * a - b, if coord(0) > 1 then a else b, a > b";
    let functions = kernel(source).point_functions().expect("functions");
    assert_eq!(functions.len(), 3);
    let at = |function: &Callback, mut data: [f64; 5]| call(function, &[], data.as_mut_ptr().cast());
    let values = |data| functions.iter().map(|function| at(function, data)).collect::<Vec<_>>();
    assert_eq!(values([3.0, 4.0, 0.0, 9.0, 5.0]), [(1, 11.0), (1, 4.0), (1, 0.0)]);
    assert_eq!(values([5.0, 4.0, 2.0, 9.0, -1.0]), [(1, -9.0), (1, 5.0), (1, 1.0)]);
    assert!(values([5.0, 4.0, -1.0, 9.0, -1.0]).iter().all(|(status, _)| *status == 0));

    for (source, what) in [
        ("coord(0) + w[0]", "a window"),
        ("len(w)", "a window"),
        ("weights k; sum(k)", "a window"),
        ("fold s = 0 for v in w: s + v", "a window"),
        ("sum(dist())", "a window"),
        ("extent(0)", "`extent`"),
    ] {
        let error = kernel(source).point_functions().expect_err(source).to_string();
        assert!(error.contains("H030") && error.contains(what), "{source}: {error}");
    }
}

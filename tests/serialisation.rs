//! With the feature `serde`: what is written is read back, and what is read is checked.

#![cfg(feature = "serde")]

use std::fmt::Debug;
use std::time::Duration;

use hoodoo::{
    Cast, Copies, Cut, DType, Engine, Filter, Footprint, Kernel, Limits, Mode, Parameters, PerAxis, Precision, Repeat,
    Shape, Vectors, Window,
};
use ndarray::array;
use serde_json::{Value, from_value, json, to_value};

/// Checks that `value` is `text` in JSON, and the same again when it is read.
fn both_ways<T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + Debug>(value: T, text: Value) {
    assert_eq!(to_value(&value).expect("a value"), text);
    assert_eq!(from_value::<T>(text).expect("the value"), value);
}

/// What is wrong with `text` as a `T`.
fn message<T: serde::de::DeserializeOwned + Debug>(text: Value) -> String {
    from_value::<T>(text).expect_err("it is wrong").to_string()
}

#[test]
fn options_are_their_names() {
    both_ways(Mode::ALL.to_vec(), json!(["reflect", "mirror", "nearest", "wrap", "constant", "shrink", "valid"]));
    both_ways(Engine::ALL.to_vec(), json!(["auto", "rows", "callback", "interpreter"]));
    both_ways((DType::U8, DType::F64), json!(["u8", "f64"]));
    both_ways([Cast::Saturate, Cast::Wrap], json!(["saturate", "wrap"]));
    both_ways([Precision::Exact, Precision::Single], json!(["exact", "single"]));
    both_ways(Cut::ALL.to_vec(), json!(["auto", "always", "moving", "never"]));
    both_ways(Vectors::ALL.to_vec(), json!(["auto", "128", "256", "512"]));
    both_ways(Copies::ALL.to_vec(), json!(["auto", "rows"]));
    both_ways(PerAxis::from([-2, 1]), json!([-2, 1]));
    both_ways([Repeat::Times(3), Repeat::Stable(10)], json!([{ "times": 3 }, { "stable": 10 }]));
    assert!(message::<Mode>(json!("mirrored")).contains("`mirrored` is not a"));
    assert!(message::<DType>(json!(8)).contains("expected a string"));
}

#[test]
fn kernels_are_their_sources_and_checked() {
    let kernel: Kernel = from_value(json!("max(w) - min(w)")).unwrap();
    assert_eq!(to_value(&kernel).unwrap(), json!("max(w) - min(w)"));
    let message = message::<Kernel>(json!("max(w) - mim(w)"));
    assert!(message.contains("did you mean `min`?") && message.contains("kernel:1:10"), "{message}");
}

#[test]
fn windows_and_footprints() {
    both_ways(Window::Size(vec![3, 5]), json!({ "size": [3, 5] }));
    both_ways(Window::Disk(2.5), json!({ "disk": 2.5 }));
    let mask = array![[true, false], [true, true]];
    let window: Window = from_value(to_value(Window::from(&mask)).unwrap()).unwrap();
    assert_eq!(window, Window::from(&mask));

    let cross = Footprint::cross(2, 1).unwrap().with_origin(&[0, 1]).unwrap();
    let window = json!({ "footprint": { "shape": [3, 3], "origin": [0, 1], "cells": [1, 3, 4, 5, 7] } });
    both_ways(Window::from(&cross), window);
    // Numbers that are none of a shape are seen where it becomes a footprint.
    both_ways(Window::from(Shape::Ring(1.0, 2.0)), json!({ "shape": { "ring": [1.0, 2.0] } }));
    let ring: Window = from_value(json!({ "shape": { "ring": [3.0, 1.0] } })).unwrap();
    let filter = Filter::new(&Kernel::compile("min(w)").unwrap()).window(ring);
    assert!(filter.run(&array![1.0]).unwrap_err().to_string().contains("its inner radius first"));
    both_ways(cross, json!({ "shape": [3, 3], "origin": [0, 1], "cells": [1, 3, 4, 5, 7] }));
    let footprint = |shape: Value, origin: Value, cells: Value| {
        message::<Footprint>(json!({ "shape": shape, "origin": origin, "cells": cells }))
    };
    assert!(footprint(json!([3]), json!([0]), json!([3])).contains("there is no cell 3"));
    assert!(footprint(json!([3]), json!([2]), json!([1])).contains("invalid origin 2"));
    assert!(footprint(json!([3]), json!([]), json!([1])).contains("0 origins"));
    assert!(footprint(json!([1 << 20, 1 << 20]), json!([0, 0]), json!([])).contains("cells"));
    assert!(footprint(json!([0]), json!([0]), json!([])).contains("length 0"));
}

#[test]
fn parameters_and_limits() {
    let parameters = Parameters::new().param("t", 0.5).weights("k", [1.0, 2.0]).weights_array("m", &array![[3.0]]);
    let text = json!({
        "params": { "t": 0.5 },
        "weights": { "k": { "values": [1.0, 2.0], "shape": null }, "m": { "values": [3.0], "shape": [1, 1] } },
    });
    both_ways(parameters, text);
    assert_eq!(from_value::<Parameters>(json!({})).unwrap(), Parameters::new());
    assert!(message::<Parameters>(json!({ "parms": {} })).contains("unknown field `parms`"));

    // What is left out is the default.
    let limits: Limits = from_value(json!({ "taps": 100, "compile_time": { "secs": 1, "nanos": 5 } })).unwrap();
    assert_eq!(limits, Limits { taps: 100, compile_time: Duration::new(1, 5), ..Limits::default() });
    both_ways(limits, to_value(Limits { taps: 100, compile_time: Duration::new(1, 5), ..Limits::default() }).unwrap());
    assert!(message::<Limits>(json!({ "tap": 1 })).contains("unknown field `tap`"));
}

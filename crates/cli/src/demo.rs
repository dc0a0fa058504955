//! `hoodoo demo`: the main job without any file of the user's.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use hoodoo::{Engine, Filter, Kernel, Window};
use hoodoo_bench::erosion::{erode_by_hand, foreign_minimum, random_image};
use hoodoo_bench::workload::{Contender, check_memory, measure, milliseconds};
use ndarray::{Array2, concatenate, s};

use crate::failure::{Failure, print};
use crate::image::Image;
use crate::output::{Target, publish};
use crate::pictures::scene;

/// The name of the picture.
const PICTURE: &str = "hoodoo-demo.png";

/// How often each way is timed.
const REPEAT: usize = 5;

/// The side of the crop that the interpreter gets.
const CROP: usize = 256;

/// The side of the scene in the picture.
const SCENE: usize = 512;

/// The filter, with the cross.
fn with_cross(filter: Filter, threads: usize) -> Filter {
    filter.window(Window::Cross(1)).threads(threads)
}

/// Arguments of `hoodoo demo`.
#[derive(Args)]
pub struct DemoArguments {
    /// Where to write the picture
    #[arg(long, default_value = ".")]
    dir: PathBuf,
    /// The side of the random image
    #[arg(long, value_name = "N", default_value = "2048")]
    size: NonZeroUsize,
}

/// Erodes a random image in five ways, one of them also on all cores, compares them, and draws a picture.
pub fn demo(arguments: &DemoArguments) -> Result<(), Failure> {
    let picture = [Target::new(&arguments.dir.join(PICTURE))?];
    picture[0].check_place()?;
    let erosion = Kernel::compile("min(w)")?;
    table(&erosion, arguments.size.get())?;

    let before = scene(SCENE);
    let after = Filter::new(&erosion).window(Window::Disk(4.0)).run(&before)?;
    let gap = Array2::from_elem((SCENE, 8), u8::MAX);
    let both = concatenate(ndarray::Axis(1), &[before.view(), gap.view(), after.view()]);
    let both = both.map_err(|error| Failure::Run(error.to_string()))?;
    publish(vec![picture[0].write(&Image::plain(both.into_dyn().into()))?])?;
    let path = arguments.dir.join(PICTURE);
    print(format!("\nwrote {}: a scene, and the same eroded by a disk of radius 4", path.display()))
}

/// Times the ways, and prints the table.
fn table(erosion: &Kernel, size: usize) -> Result<(), Failure> {
    check_memory(&[size, size], size_of::<f64>())?;
    let image = random_image(size);
    let image = image.view();
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let foreign = with_cross(Filter::with_callback(&foreign_minimum()), 1);
    let callback = with_cross(Filter::new(erosion), 1).engine(Engine::Callback);
    let one = with_cross(Filter::new(erosion), 1);
    let all = with_cross(Filter::new(erosion), cores);
    let contenders = [
        Contender::new("hand-written Rust, 1 thread", |image, output| {
            erode_by_hand(image, output);
            Ok(())
        }),
        Contender::new("foreign extern \"C\" callback, 1 thread", |image, output| foreign.run_into(image, output)),
        Contender::new("compiled callback, 1 thread", |image, output| callback.run_into(image, output)),
        Contender::new("compiled rows, 1 thread", |image, output| one.run_into(image, output)),
        Contender::new(format!("compiled rows, all cores ({cores})"), |image, output| all.run_into(image, output)),
    ];
    let mut expected = image.to_owned();
    erode_by_hand(&image, &mut expected);
    contenders.iter().try_for_each(|contender| contender.verify(&image, &expected, 0.0))?;

    // The interpreter is for meaning, not for speed: a crop will do.
    let side = size.min(CROP);
    let crop = image.slice(s![..side, ..side]);
    let slow = with_cross(Filter::new(erosion), 1).engine(Engine::Interpreter);
    let name = format!("interpreter, 1 thread (scaled from a {side} x {side} crop)");
    let interpreter = [Contender::new(name, |image, output| slow.run_into(image, output))];
    let mut expected = crop.to_owned();
    erode_by_hand(&crop, &mut expected);
    interpreter[0].verify(&crop, &expected, 0.0)?;

    let mut times: Vec<f64> = measure(&contenders, &image, REPEAT)?.into_iter().map(milliseconds).collect();
    let scale = (size as f64 / side as f64).powi(2);
    let interpreted = milliseconds(measure(&interpreter, &crop, REPEAT)?[0]) * scale;
    let (by_hand, by_foreign) = (times[0], times[1]);
    let mut names: Vec<&str> = contenders.iter().map(|contender| contender.name.as_str()).collect();
    names.insert(1, &interpreter[0].name);
    times.insert(1, interpreted);

    print(format!(
        "min(w) over a cross, {size} x {size} f64, mode reflect; median of {REPEAT} runs; all results equal\n"
    ))?;
    print(format!("{:55} {:>10} {:>14} {:>12}", "", "ms", "/ hand-written", "/ foreign"))?;
    for (name, time) in names.iter().zip(times) {
        print(format!("{name:55} {time:>10.3} {:>14.2} {:>12.3}", time / by_hand, time / by_foreign))?;
    }
    Ok(())
}

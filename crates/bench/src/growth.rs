//! How times grow, as tables and plots.

use std::fmt::Write as _;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use hoodoo::{AnyElement, Cut, Filter, Kernel, Prepared, Window};
use ndarray::ArrayD;

use crate::error::Error;
use crate::workload::{check_memory, median, milliseconds};
use crate::workloads::{random_values, workloads};

/// The sides of the windows.
const SIDES: [usize; 10] = [3, 5, 7, 11, 15, 21, 31, 51, 101, 201];

/// From this side on, what is not computed in passes takes so long that it is left out.
const LONGEST_WHOLE: usize = 31;

/// The same for order statistics, which take longer.
const LONGEST_SEARCHED: usize = 11;

/// The sides of the windows that kernels are compiled for.
const COMPILED_SIDES: [usize; 6] = [3, 5, 9, 17, 33, 101];

/// The image that a kernel is compiled for; little time to run over, and wide enough for every vector.
const COMPILED_SHAPE: [usize; 2] = [1, 32];

/// The kernels whose time grows with the window.
const STATISTICS: [&str; 3] = ["min(w)", "mean(w)", "median(w)"];

/// The kernels that are computed in passes, or from window to window, or not, with what the plan chooses.
const CUT: [&str; 4] = ["min(w)", "mean(w)", "std(w)", "median(w)"];

/// The kernels whose compilation grows with the window.
const COMPILED: [&str; 3] = ["min(w)", "weights k; sum(w * k)", "median(w)"];

/// A line of a plot, and a column of its table.
struct Series {
    name: String,
    points: Vec<(f64, f64)>,
}

/// What grows with what.
struct Growth {
    file: &'static str,
    title: String,
    /// The names of the axes.
    axes: [&'static str; 2],
    series: Vec<Series>,
}

/// Measures. Gives the page `growth.md` and its plots, as names of files with their texts.
///
/// # Errors
///
/// If there is not enough memory, or a filter can't be run.
pub fn measure(size: usize, repeat: usize) -> Result<Vec<(&'static str, String)>, Error> {
    // The largest of the images, which are of f64.
    check_memory(&[size.saturating_mul(4); 2], size_of::<f64>())?;
    let small = (size / 4).max(1);
    let growths = [windows(small, repeat)?, images(size, repeat)?, compilations(repeat)?];
    let mut page = introduction(size, repeat);
    let mut files = Vec::new();
    for growth in &growths {
        let _ = write!(page, "\n## {}\n\n![{}]({})\n\n{}", growth.title, growth.title, growth.file, table(growth));
        files.push((growth.file, plot(growth)));
    }
    page += &choices(small, repeat)?;
    page += &threads(size, repeat)?;
    files.push(("growth.md", page));
    Ok(files)
}

fn introduction(size: usize, repeat: usize) -> String {
    let cores = available_parallelism().map_or(1, usize::from);
    format!(
        "# How times grow\n\n\
         Made by `hoodoo bench --growth docs --size {size} --repeat {repeat}`, hoodoo {} on {} {} with {cores} cores. All \
         images are random; each time is the median of {repeat} runs into a warm output, by one thread unless stated \
         otherwise. The machine decides about every number; what one may rely on is the shape of the curves. Both axes of \
         the plots are logarithmic.\n",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH,
    )
}

/// The median time of a run, after one that compiles and warms everything up.
fn time<T: AnyElement>(filter: &Filter, image: &ArrayD<T>, repeat: usize) -> Result<Duration, Error> {
    let mut output = image.clone();
    filter.run_into(image, &mut output)?;
    let mut times = Vec::with_capacity(repeat);
    for _ in 0..repeat {
        let start = Instant::now();
        filter.run_into(image, &mut output)?;
        times.push(start.elapsed());
    }
    Ok(median(times))
}

/// The time for each pixel against the window.
fn windows(size: usize, repeat: usize) -> Result<Growth, Error> {
    let mut series = Vec::new();
    for kernel in STATISTICS {
        series.push(by_window::<u8>(kernel, "u8", size, repeat)?);
        series.push(by_window::<f32>(kernel, "f32", size, repeat)?);
    }
    let title = format!("Time against the window: boxes, images of {size} x {size}");
    Ok(Growth { file: "growth-window.svg", title, axes: ["side of the window", "ns per pixel"], series })
}

fn by_window<T: AnyElement>(source: &str, element: &str, size: usize, repeat: usize) -> Result<Series, Error> {
    let image: ArrayD<T> = random_values(&[size, size]);
    let kernel = Kernel::compile(source)?;
    let point = |side: usize| {
        let time = time(&Filter::new(&kernel).size(side).threads(1), &image, repeat)?;
        Ok((side as f64, time.as_secs_f64() * 1e9 / image.len() as f64))
    };
    let points = SIDES.into_iter().map(point).collect::<Result<_, Error>>()?;
    Ok(Series { name: format!("{source} {element}"), points })
}

/// The section on windows in passes: boxes and disks, by what the plan chooses and by what it does not.
fn choices(size: usize, repeat: usize) -> Result<String, Error> {
    let mut text = format!(
        "\n## Windows in passes: boxes and disks, u8 and f32, images of {size} x {size}\n\n\
         What the plan chooses, and the other ways if they can be had and do not take too long, in ns per pixel, after 20 runs of each. Sums of integers over boxes may move.\n\n\
         | kernel | window | chosen | in passes | moving | cell by cell | chosen, of the best |\n|---|---|--:|--:|--:|--:|--:|\n"
    );
    for source in CUT {
        for side in SIDES {
            for (name, window) in [("box", Window::Box(side / 2)), ("disk", Window::Disk((side / 2) as f64))] {
                let label = |element: &str| format!("| `{source}` {element} | {name} {side} |");
                text += &choice::<u8>(source, &window, side, size, repeat, &label("u8"))?;
                text += &choice::<f32>(source, &window, side, size, repeat, &label("f32"))?;
            }
        }
    }
    Ok(text)
}

/// A line of that section.
fn choice<T: AnyElement>(
    source: &str,
    window: &Window,
    side: usize,
    size: usize,
    repeat: usize,
    label: &str,
) -> Result<String, Error> {
    let image: ArrayD<T> = random_values(&[size, size]);
    let longest = if source.contains("median") { LONGEST_SEARCHED } else { LONGEST_WHOLE };
    let moves = !T::DTYPE.is_float() && matches!(window, Window::Box(_)) && ["mean(w)", "std(w)"].contains(&source);
    let ways = [(Cut::Auto, true), (Cut::Always, true), (Cut::Moving, moves), (Cut::Never, side <= longest)];
    let filter = |(cut, is_measured): (Cut, bool)| -> Result<Option<Prepared>, Error> {
        let filter = Filter::new(&Kernel::compile(source)?).window(window.clone()).threads(1).cut(cut);
        Ok(if is_measured { Some(filter.prepare(image.shape(), &[T::DTYPE], &[T::DTYPE])?) } else { None })
    };
    let filters = ways.map(filter).into_iter().collect::<Result<Vec<Option<Prepared>>, Error>>()?;
    let times = in_turns(&filters, &image, repeat)?;
    let best = times.iter().flatten().copied().fold(f64::INFINITY, f64::min);
    let [chosen, cut, moving, whole] = std::array::from_fn(|way| times[way].map_or_else(String::new, short));
    let of_best = short(times[0].unwrap_or(best) / best);
    Ok(format!("{label} {chosen} | {cut} | {moving} | {whole} | {of_best} |\n"))
}

/// So many runs come first: medians over large boxes have networks once they have found so many that these are worth their making.
const RUNS_BEFORE: usize = 20;

/// The median times of some filters for each pixel, in ns, once they have run for a while: they take turns, of two runs each, and of these the second one counts. What another filter
/// leaves in the caches would else decide.
fn in_turns<T: AnyElement>(
    filters: &[Option<Prepared>],
    image: &ArrayD<T>,
    repeat: usize,
) -> Result<Vec<Option<f64>>, Error> {
    let mut output = image.clone();
    let mut times: Vec<Vec<Duration>> = vec![Vec::with_capacity(repeat); filters.len()];
    for filter in filters.iter().flatten() {
        (0..RUNS_BEFORE).try_for_each(|_| filter.run_into(image, &mut output))?;
    }
    for _ in 0..repeat {
        for (filter, times) in filters.iter().zip(&mut times) {
            let Some(filter) = filter else { continue };
            filter.run_into(image, &mut output)?;
            let start = Instant::now();
            filter.run_into(image, &mut output)?;
            times.push(start.elapsed());
        }
    }
    let for_pixel = |times: Vec<Duration>| median(times).as_secs_f64() * 1e9 / image.len() as f64;
    Ok(times.into_iter().map(|times| (!times.is_empty()).then(|| for_pixel(times))).collect())
}

/// The time for each pixel against the image: from an eighth of the side to its fourfold.
fn images(size: usize, repeat: usize) -> Result<Growth, Error> {
    let filter = Filter::new(&Kernel::compile("min(w)")?).window(Window::Cross(1)).threads(1);
    let mut series = [("min(w)", Vec::new()), ("memcpy", Vec::new())];
    for side in [1, 2, 4, 8, 16, 32].map(|factor| (size * factor).div_ceil(8)) {
        let image: ArrayD<f64> = random_values(&[side, side]);
        let pixels = image.len() as f64;
        let mut output = image.clone();
        let mut times = Vec::with_capacity(repeat);
        for _ in 0..repeat {
            let start = Instant::now();
            output.as_slice_mut().expect("C order").copy_from_slice(image.as_slice().expect("C order"));
            times.push(start.elapsed());
        }
        drop(output);
        let times = [time(&filter, &image, repeat)?, median(times)];
        for ((_, points), time) in series.iter_mut().zip(times) {
            points.push((side as f64, time.as_secs_f64() * 1e9 / pixels));
        }
    }
    let series = series.map(|(name, points)| Series { name: name.to_string(), points }).into();
    let title = "Time against the image: the least of a cross, f64".to_string();
    Ok(Growth { file: "growth-image.svg", title, axes: ["side of the image", "ns per pixel"], series })
}

/// The time from a text to code that has run once, without the run, against the window.
fn compilations(repeat: usize) -> Result<Growth, Error> {
    let image: ArrayD<f32> = random_values(&COMPILED_SHAPE);
    let mut output = image.clone();
    let mut series = Vec::new();
    for source in COMPILED {
        let mut points = Vec::new();
        for side in COMPILED_SIDES {
            let mut times = Vec::with_capacity(repeat);
            for _ in 0..repeat {
                let start = Instant::now();
                let kernel = Kernel::compile(source)?;
                let mut filter = Filter::new(&kernel).size(side).threads(1);
                if !kernel.weights().is_empty() {
                    filter = filter.weights("k", (0..side * side).map(|cell| cell as f64 / 7.0));
                }
                filter.run_into(&image, &mut output)?;
                let first = start.elapsed();
                let start = Instant::now();
                filter.run_into(&image, &mut output)?;
                times.push(first.saturating_sub(start.elapsed()));
            }
            points.push(((side * side) as f64, milliseconds(median(times))));
        }
        series.push(Series { name: source.to_string(), points });
    }
    let title = "Compilation against the window: f32".to_string();
    Ok(Growth { file: "growth-compilation.svg", title, axes: ["cells of the window", "ms"], series })
}

/// The section on threads.
fn threads(size: usize, repeat: usize) -> Result<String, Error> {
    let all = workloads();
    let bilateral = all.iter().find(|workload| workload.name == "bilateral-f32").expect("it is a workload");
    let image: ArrayD<f32> = random_values(&[size, size]);
    let mut text = format!(
        "\n## Time against threads: the bilateral filter on a disk of radius 2, f32, single precision, {size} x {size}\n\n\
         | threads | ms | of one thread |\n|--:|--:|--:|\n"
    );
    let mut one = None;
    let cores = available_parallelism().map_or(1, usize::from);
    for threads in (0..).map(|power| 1 << power).take_while(|threads| *threads <= cores) {
        let time = milliseconds(time(&bilateral.filter(threads)?, &image, repeat)?);
        let _ = writeln!(text, "| {threads} | {time:.2} | {:.2} |", time / *one.get_or_insert(time));
    }
    Ok(text)
}

/// The numbers as a table.
fn table(growth: &Growth) -> String {
    let mut text = format!("| {} |", growth.axes[0]);
    for series in &growth.series {
        let _ = write!(text, " `{}` |", series.name);
    }
    text += "\n|--:|";
    text += &"--:|".repeat(growth.series.len());
    text.push('\n');
    for (index, (x, _)) in growth.series[0].points.iter().enumerate() {
        let _ = write!(text, "| {x} |");
        for series in &growth.series {
            // Some end earlier.
            let value = series.points.get(index).map_or_else(String::new, |(_, value)| short(*value));
            let _ = write!(text, " {value} |");
        }
        text.push('\n');
    }
    let _ = writeln!(text, "\nThe numbers are {}.", growth.axes[1]);
    text
}

/// A positive number with three digits or so.
fn short(value: f64) -> String {
    match value {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        1.0.. => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// The plot's size, and the place of the diagram in it: left, top, right, bottom.
const CANVAS: [f64; 2] = [760.0, 440.0];
/// See [`CANVAS`].
const DIAGRAM: [f64; 4] = [70.0, 20.0, 560.0, 380.0];

/// Colours that are told apart by everybody, by Okabe and Ito.
const COLOURS: [&str; 6] = ["#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9"];

/// The numbers as an SVG picture, both axes logarithmic.
fn plot(growth: &Growth) -> String {
    let [left, top, right, bottom] = DIAGRAM;
    let points = || growth.series.iter().flat_map(|series| &series.points);
    let (x_low, x_high) = range(points().map(|point| point.0));
    let (y_low, y_high) = range(points().map(|point| point.1));
    let (y_low, y_high) = (decade(y_low).floor(), decade(y_high).ceil());
    let (x_low, x_high) = (decade(x_low), decade(x_high));
    let along = |x: f64| left + (right - left) * (decade(x) - x_low) / (x_high - x_low).max(1e-9);
    let up = |y: f64| bottom - (bottom - top) * (decade(y) - y_low) / (y_high - y_low).max(1e-9);

    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
        CANVAS[0], CANVAS[1]
    );
    for power in y_low as i32..=y_high as i32 {
        let value = 10f64.powi(power);
        let y = up(value);
        let _ = writeln!(
            svg,
            "<path d=\"M{left} {y:.1}H{right}\" stroke=\"#ddd\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{value}</text>",
            left - 8.0,
            y + 4.0
        );
    }
    for (value, _) in &growth.series[0].points {
        let x = along(*value);
        let _ = writeln!(
            svg,
            "<path d=\"M{x:.1} {top}V{bottom}\" stroke=\"#eee\"/><text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{value}</text>",
            bottom + 18.0
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n\
         <text transform=\"translate(18 {}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
        f64::midpoint(left, right),
        bottom + 42.0,
        growth.axes[0],
        f64::midpoint(top, bottom),
        growth.axes[1],
    );
    for (index, series) in growth.series.iter().enumerate() {
        let points: Vec<[f64; 2]> = series.points.iter().map(|(x, y)| [along(*x), up(*y)]).collect();
        svg += &curve(index, &series.name, &points);
    }
    svg += "</svg>\n";
    svg
}

/// A series of a plot, and its name at the right: which one it is, and the places of its points.
fn curve(index: usize, name: &str, points: &[[f64; 2]]) -> String {
    let [_, top, right, _] = DIAGRAM;
    let colour = COLOURS[index % COLOURS.len()];
    let line: Vec<String> = points.iter().map(|[x, y]| format!("{x:.1},{y:.1}")).collect();
    let mut svg =
        format!("<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\n", line.join(" "));
    for [x, y] in points {
        let _ = writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>");
    }
    let y = top + 20.0 * (index as f64 + 0.5);
    let _ = writeln!(
        svg,
        "<path d=\"M{} {y}h24\" stroke=\"{colour}\" stroke-width=\"2\"/><text x=\"{}\" y=\"{}\">{name}</text>",
        right + 12.0,
        right + 42.0,
        y + 4.0,
    );
    svg
}

/// The logarithm of a time or a size, of which none is 0.
fn decade(value: f64) -> f64 {
    value.max(1e-6).log10()
}

fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
}

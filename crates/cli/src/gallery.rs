//! `hoodoo gallery`: the kernels of the cookbook, listed, shown, run, and drawn.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::builder::StringValueParser;
use clap::{ArgGroup, Args, Command, FromArgMatches, ValueEnum};
use hoodoo::Kernel;
use hoodoo::lang::similar::most_similar;
use ndarray::Array2;

use crate::arguments::offered;
use crate::failure::{Failure, print};
use crate::image::Image;
use crate::output::{Target, publish};
use crate::pictures::Picture;
use crate::run::{RunArguments, RunOptions, options_of, run, run_on};
use crate::sheet::{greys, sheet, tile};
use hoodoo_cookbook::{COOKBOOK, Recipe, recipes};

/// The side of the pictures that a kernel is run on.
const PICTURE: usize = 256;

/// Options of `hoodoo run` that say something of what is read or written: a drawing of a kernel has no use for them.
const OF_FILES: [&str; 19] = [
    "--band",
    "--page",
    "--volume",
    "--raw",
    "--mask",
    "--nodata",
    "--fill",
    "--dtype",
    "--shown",
    "--repeat",
    "--then",
    "--stream",
    "--suffix",
    "--ext",
    "--strict",
    "--json",
    "--time",
    "--explain",
    "--max-pixels",
];

/// The side of the pictures on the contact sheet, and how many kernels are in a row of it.
const THUMBNAIL: usize = 96;
const COLUMNS: usize = 5;

/// Arguments of `hoodoo gallery`.
#[derive(Args)]
#[command(group = ArgGroup::new("source").args(["name", "picture"]))]
#[command(group = ArgGroup::new("written").args(["outputs", "out_dir"]))]
pub struct GalleryArguments {
    /// The kernel to run; without one, all are listed
    #[arg(value_parser = offered(recipes().map(|recipe| recipe.name), StringValueParser::new()))]
    #[arg(hide_possible_values = true)]
    name: Option<String>,
    /// The files to filter, one for each input of the kernel [default: built-in pictures]
    #[arg(requires = "written")]
    inputs: Vec<PathBuf>,
    /// The file to write; once for each output of the kernel [default: hoodoo-NAME.png, with pictures before and after]
    #[arg(short, long = "output", value_name = "OUTPUT", requires = "source")]
    outputs: Vec<PathBuf>,
    /// Print the kernel instead
    #[arg(long, requires = "name", conflicts_with_all = ["inputs", "outputs"])]
    show: bool,
    /// Draw all kernels, before and after, on one picture
    #[arg(long, value_name = "FILE", conflicts_with = "name")]
    sheet: Option<PathBuf>,
    /// Write a built-in picture of 256 x 256 pixels to the file after -o
    #[arg(long, value_enum, conflicts_with = "sheet", requires = "outputs")]
    picture: Option<Picture>,
    #[command(flatten)]
    options: RunOptions,
}

/// Lists the kernels, or does with one of them what the arguments say.
pub fn gallery(arguments: &GalleryArguments) -> Result<(), Failure> {
    if let Some(path) = &arguments.sheet {
        return draw_sheet(path);
    }
    if let Some(picture) = arguments.picture {
        let image = picture.draw(PICTURE);
        let names = [PathBuf::from("picture")];
        let told = run_arguments("w[0, 0]", &names, &names, &arguments.options)?;
        let image = match told.dtype {
            Some(dtype) => image.saturated(dtype),
            None => image,
        };
        return arguments.outputs.iter().try_for_each(|path| write(path, &image));
    }
    let Some(name) = &arguments.name else { return list() };
    let recipe = find(name)?;
    match (arguments.inputs.as_slice(), arguments.outputs.as_slice()) {
        _ if arguments.show => print(recipe.text.trim_end()),
        ([], []) if arguments.options.has("--out-dir") => {
            Err(Failure::Usage("--out-dir: there is no file to filter".to_string()))
        }
        ([], []) => match OF_FILES.iter().find(|option| arguments.options.has(option)) {
            Some(option) => Err(Failure::Usage(format!("{option}: is for what is written to a file, as by -o FILE"))),
            None => draw_one(recipe, &arguments.options),
        },
        ([], _) if arguments.options.has("--stream") => {
            Err(Failure::Usage("--stream: the built-in pictures are no files".to_string()))
        }
        ([], outputs) => {
            // The names say what a message is about.
            let names: Vec<PathBuf> = recipe.pictures().map(|name| format!("{name}.npy").into()).collect();
            let told = run_arguments(recipe.text, &names, outputs, &arguments.options)?;
            run_on(&told, &|_| built_in(recipe, PICTURE))
        }
        (inputs, outputs) => run(&run_arguments(recipe.text, inputs, outputs, &arguments.options)?),
    }
}

/// Prints a line for each kernel.
fn list() -> Result<(), Failure> {
    let longest = recipes().map(|recipe| recipe.name.len()).max().unwrap_or(0);
    for (place, (group, recipes)) in COOKBOOK.iter().enumerate() {
        let gap = if place > 0 { "\n" } else { "" };
        print(format!("{gap}{group}"))?;
        for recipe in *recipes {
            print(format!("  {:longest$}  {}", recipe.name, recipe.summary()))?;
        }
    }
    Ok(())
}

/// The recipe called `name`.
fn find(name: &str) -> Result<&'static Recipe, Failure> {
    recipes().find(|recipe| recipe.name == name).ok_or_else(|| {
        let hint = match most_similar(name, recipes().map(|recipe| recipe.name)) {
            Some(similar) => format!("did you mean `{similar}`?"),
            None => "`hoodoo gallery` lists what there is".to_string(),
        };
        Failure::Usage(format!("there is no `{name}` in the gallery; {hint}"))
    })
}

/// What `hoodoo run` would be told, to run a kernel with these options.
fn run_arguments(
    kernel: &str,
    inputs: &[PathBuf],
    outputs: &[PathBuf],
    options: &RunOptions,
) -> Result<RunArguments, Failure> {
    let mut words = options.0.clone();
    for output in outputs {
        words.extend(["--output".into(), output.into()]);
    }
    words.extend(["--".into(), kernel.into()]);
    words.extend(inputs.iter().map(OsString::from));
    let command = RunArguments::augment_args(Command::new("run").no_binary_name(true));
    let parsed = command.try_get_matches_from(words).and_then(|matches| RunArguments::from_arg_matches(&matches));
    parsed.map_err(|error| Failure::Usage(error.to_string().trim_start_matches("error: ").trim_end().to_string()))
}

/// The built-in pictures for a recipe.
fn built_in(recipe: &Recipe, side: usize) -> Result<Vec<Image>, Failure> {
    let picture = |name| Picture::from_str(name, false).map_err(Failure::Run);
    recipe.pictures().map(|name| Ok(picture(name)?.draw(side))).collect()
}

/// Drawn pictures.
type Drawn = Vec<Array2<u8>>;

/// A recipe's built-in pictures, and what it makes of them.
fn before_and_after(recipe: &Recipe, side: usize, options: &RunOptions) -> Result<(Drawn, Drawn), Failure> {
    let kernel = Kernel::compile_from(recipe.text, recipe.name)?;
    let before = built_in(recipe, side)?;
    let inputs: Vec<_> = before.iter().map(|image| image.plane(0)).collect();
    // Only the options matter here: the arrays are in memory.
    let nowhere = [PathBuf::from(recipe.name)];
    let told = run_arguments(recipe.text, &nowhere, &nowhere, options)?.or(options_of(recipe.text, recipe.name)?);
    let after = told.filter(&kernel)?.run_all(&inputs)?;
    let before = before.iter().filter_map(|image| greys(image.array.to_f64()));
    Ok((before.collect(), after.into_iter().filter_map(greys).collect()))
}

/// Draws what a kernel is given and what it gives.
fn draw_one(recipe: &Recipe, options: &RunOptions) -> Result<(), Failure> {
    let path = PathBuf::from(format!("hoodoo-{}.png", recipe.name));
    let (before, after) = before_and_after(recipe, PICTURE, options)?;
    write(&path, &picture_of(tile(recipe.name, &[before, after].concat())))?;
    print(format!("wrote {}: {}, before and after", path.display(), recipe.pictures().collect::<Vec<_>>().join(", ")))
}

/// Draws every kernel's last input, which is the one that is filtered, and its first output.
fn draw_sheet(path: &Path) -> Result<(), Failure> {
    let tiles = recipes().map(|recipe| {
        let (before, after) = before_and_after(recipe, THUMBNAIL, &RunOptions::default())?;
        let pictures: Vec<_> = before.into_iter().next_back().into_iter().chain(after.into_iter().take(1)).collect();
        Ok(tile(recipe.name, &pictures))
    });
    write(path, &picture_of(sheet(&tiles.collect::<Result<Vec<_>, Failure>>()?, COLUMNS)))
}

/// The picture with these greys.
fn picture_of(greys: Array2<u8>) -> Image {
    Image::plain(greys.into_dyn().into())
}

/// Writes an image.
fn write(path: &Path, image: &Image) -> Result<(), Failure> {
    let target = Target::new(path)?;
    target.check_place()?;
    target.check_fit(image.array.dtype(), &image.layout())?;
    publish(vec![target.write(image)?])
}

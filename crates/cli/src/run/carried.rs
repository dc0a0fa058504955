//! What output files carry of what the first input carries, and what they lose.

use std::ops::Range;
use std::path::Path;

use hoodoo::DType;

use super::arguments::RunArguments;
use super::shown::Shown;
use crate::failure::{Failure, tell};
use crate::files;
use crate::image::{Layout, Metadata};
use crate::output::Target;
use crate::printable::shown;

/// What a file carries, and what it loses, in words.
pub type Carried = (Metadata, Vec<String>);

/// For each file, what it carries of what the input at `path` does, and what it loses, which the user is told. Outputs have these
/// regions of the input, one of the other, the pixels at the arguments' steps of the last one, a layout, if it is known, an element type, and a
/// number for no value.
pub fn carry(
    arguments: &RunArguments,
    (path, input): (&Path, &Metadata),
    regions: &[Vec<Range<usize>>],
    (layout, dtype, nodata): (Option<&Layout>, DType, Option<f64>),
    targets: &[Target],
) -> Result<Vec<Carried>, Failure> {
    if input.other_pages > 0
        && let Some(target) = targets.iter().find(|target| target.is(path))
    {
        let message = match input.other_pages {
            1 => "the file would lose its other page".to_string(),
            pages => format!("the file would lose its {pages} other pages"),
        };
        let option = if arguments.page.is_some() { "--page: " } else { "" };
        return Err(Failure::at(target.path(), format!("{option}{message}")));
    }
    let mut all = Vec::new();
    for target in targets {
        let mut metadata = input.clone();
        regions.iter().for_each(|region| metadata.cut(region));
        if let Some(region) = regions.last() {
            metadata.thin_out(&arguments.steps(region.len()));
        }
        files::set_nodata(&mut metadata, nodata);
        if arguments.fill {
            metadata.forget_mask();
        }
        let stored = Shown::stored(arguments.shown, target, dtype);
        if let Some(layout) = layout {
            files::revise(&mut metadata, &target.layout(layout.clone(), stored), stored);
        }
        let mut lost = target.keep(&mut metadata, stored);
        lost.extend(arguments.shown.filter(|_| stored != dtype).map(Shown::words));
        if !lost.is_empty() {
            let message = format!("not kept: {}", lost.join(", "));
            if arguments.strict {
                return Err(Failure::at(target.path(), format!("--strict: {message}")));
            }
            tell(format!("warning: {}: {message}", shown(target.path())));
        }
        all.push((metadata, lost));
    }
    Ok(all)
}

//! What output files carry of what the first input carries, and what they lose.

use std::ops::Range;
use std::path::Path;

use hoodoo::DType;

use super::arguments::RunArguments;
use super::bands::{self, Selected};
use super::shown::Shown;
use crate::failure::{Failure, tell};
use crate::files;
use crate::image::{Layout, Metadata};
use crate::output::Target;
use crate::printable::shown;

/// What a file carries, and what it loses, in words.
pub type Carried = (Metadata, Vec<String>);

/// Checks that no target is the file of an input that has more than what is read of it.
pub fn check_rest(
    arguments: &RunArguments,
    (path, input): (&Path, &Metadata),
    targets: &[Target],
) -> Result<(), Failure> {
    let (file, selected) = bands::selected(path);
    let Some(target) = targets.iter().find(|target| target.is(&file) && !target.is_archive()) else { return Ok(()) };
    let message = match (input.other_pages, selected) {
        (0, Selected::Whole) => return Ok(()),
        (0, _) => "the file would keep what # names only".to_string(),
        (1, _) => "the file would lose its other page".to_string(),
        (pages, _) => format!("the file would lose its {pages} other pages"),
    };
    let option = if arguments.page.is_some() { "--page: " } else { "" };
    Err(Failure::at(target.path(), format!("{option}{message}")))
}

/// For each file, what it carries of what the first input does, and what it loses, which the user is told. Outputs have these
/// regions of the input, one of the other, the pixels at the arguments' steps of the last one, a layout, if it is known, an element type, and a
/// number for no value.
pub fn carry(
    arguments: &RunArguments,
    input: &Metadata,
    regions: &[Vec<Range<usize>>],
    (layout, dtype, nodata): (Option<&Layout>, DType, Option<f64>),
    targets: &[Target],
) -> Result<Vec<Carried>, Failure> {
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
        let profile = layout.and_then(|layout| files::drop_profile(&mut metadata, layout));
        let opacity = layout.and_then(|layout| target.opacity_lost(&metadata, layout));
        let mut lost = target.keep(&mut metadata, stored);
        lost.extend(opacity);
        lost.extend(profile);
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

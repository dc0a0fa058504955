//! Filters one after the other, each over the rows that the one before it makes: rows are asked for from the last one back.

use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};

use hoodoo::{AnyArray, DType};

use super::inputs::Inputs;
use super::slabs::{Feed, Slab, Slabs};
use super::stage::{Made, Stage};
use crate::arrays::for_any;
use crate::failure::Failure;
use crate::files::{Outline, with_bytes, with_bytes_mut};
use crate::image::{Image, Layout};

/// What the thread that reads hands over.
pub type Received = Receiver<Result<Slab, Failure>>;

/// A stage, and where its slabs come from.
pub struct Link<'a> {
    stage: &'a Stage<'a>,
    source: Source<'a>,
}

enum Source<'a> {
    /// The files, of which these are the kernel's inputs.
    Files(&'a Inputs<'a>, Received),
    /// The stage before.
    Results(Slabs<'a>),
}

impl<'a> Link<'a> {
    /// The last stage, behind all others, the first of which filters what is received.
    pub fn last(inputs: &'a Inputs<'a>, stages: &'a [Stage<'a>], received: Received) -> Option<Link<'a>> {
        let (first, others) = stages.split_first()?;
        let first = Link { stage: first, source: Source::Files(inputs, received) };
        Some(others.iter().fold(first, |before, stage| before.followed_by(stage, stages.len())))
    }

    /// The next of so many stages behind this one.
    fn followed_by(self, stage: &'a Stage<'a>, stages: usize) -> Link<'a> {
        let flow = stage.flow();
        let own = flow.types.iter().map(|dtype| (flow.planes.clone(), *dtype));
        let mask = flow.mask.iter().map(|(layout, dtype)| (vec![layout.clone()], *dtype));
        let files = flow.has_own_mask.then(|| (vec![flow.own_mask()], DType::Bool));
        let kinds: Vec<_> = own.chain(mask).chain(files).collect();
        let waiting = kinds.iter().map(|(planes, _)| vec![Waiting::default(); planes.len()]).collect();
        let results = Arc::new(Mutex::new(Results { link: self, waiting }));
        let feed = |(index, (planes, dtype)): (usize, (Vec<Layout>, _))| -> Box<dyn Feed + 'a> {
            Box::new(Handed { results: results.clone(), index, outline: stage.outline(&planes, dtype), planes })
        };
        let feeds = kinds.into_iter().enumerate().map(feed).collect();
        let slabs = Slabs::new(feeds, flow.masks(), stage.reach(), stage.height(stages));
        Link { stage, source: Source::Results(slabs) }
    }

    /// What the stage makes of its next slab; none after the last.
    pub fn next(&mut self) -> Result<Option<Made>, Failure> {
        let slab = match &mut self.source {
            // It ends without a word if another thread has failed, which says why.
            Source::Files(inputs, received) => {
                received.recv().ok().transpose()?.map(|slab| inputs.of_slab(slab)).transpose()?
            }
            Source::Results(slabs) => slabs.next()?,
        };
        slab.map(|slab| self.stage.filter(slab)).transpose()
    }
}

/// What a stage has made, and the next one has not asked for yet.
struct Results<'a> {
    link: Link<'a>,
    /// For each thing that the next stage reads, its planes.
    waiting: Vec<Vec<Waiting>>,
}

/// The bytes of rows, of which some are no longer needed.
#[derive(Clone, Default)]
struct Waiting {
    bytes: Vec<u8>,
    used: usize,
}

impl Waiting {
    fn add(&mut self, array: AnyArray) -> Result<(), Failure> {
        self.bytes.drain(..self.used);
        self.used = 0;
        let array: AnyArray = for_any!(AnyArray, array, array => match array.is_standard_layout() {
            true => array.into(),
            false => array.as_standard_layout().into_owned().into(),
        });
        with_bytes(&array, |bytes| self.bytes.extend_from_slice(bytes)).ok_or_else(no_standard_layout)
    }

    fn take(&mut self, to: &mut [u8]) {
        to.copy_from_slice(&self.bytes[self.used..][..to.len()]);
        self.used += to.len();
    }
}

impl Results<'_> {
    /// Has the stage filter its next slab; whether there was one.
    fn more(&mut self) -> Result<bool, Failure> {
        let Some(Made { planes, mask }) = self.link.next()? else { return Ok(false) };
        let mut masks = Vec::from_iter(mask.map(|mask| mask.array));
        for (plane, mut images) in planes.into_iter().enumerate() {
            masks.extend(images[0].metadata.mask.take().map(AnyArray::from));
            for (waiting, image) in self.waiting.iter_mut().zip(images) {
                waiting[plane].add(image.array)?;
            }
        }
        let first_mask = self.waiting.len() - masks.len();
        for (waiting, mask) in self.waiting[first_mask..].iter_mut().zip(masks) {
            waiting[0].add(mask)?;
        }
        Ok(true)
    }
}

/// One of the things that a stage makes, as rows for the next one.
struct Handed<'a> {
    results: Arc<Mutex<Results<'a>>>,
    /// Which it is.
    index: usize,
    outline: Outline,
    /// What a row of each plane is like.
    planes: Vec<Layout>,
}

impl Feed for Handed<'_> {
    fn outline(&self) -> &Outline {
        &self.outline
    }

    fn read(&mut self, arrays: &mut [AnyArray], first: usize) -> Result<usize, Failure> {
        let bytes = |plane: &Vec<usize>| plane.iter().product::<usize>() * self.outline.dtype.bytes();
        let rows: Vec<usize> = self.outline.planes.iter().map(bytes).collect();
        let wanted = arrays.first().map_or(0, |array| array.shape()[0] - first);
        let mut results = self.results.lock().unwrap_or_else(PoisonError::into_inner);
        let held = |results: &Results<'_>| {
            let Waiting { bytes, used } = &results.waiting[self.index][0];
            (bytes.len() - used).checked_div(rows[0]).unwrap_or(wanted).min(wanted)
        };
        while held(&results) < wanted && results.more()? {}
        let found = held(&results);
        for ((waiting, array), row) in results.waiting[self.index].iter_mut().zip(arrays).zip(&rows) {
            let taken = with_bytes_mut(array, |bytes| waiting.take(&mut bytes[first * row..][..found * row]));
            taken.ok_or_else(no_standard_layout)?;
        }
        Ok(found)
    }

    fn image(&self, plane: usize, array: AnyArray) -> Result<Image, Failure> {
        Ok(Image::with_channels(array, self.planes[plane].channels))
    }

    fn problem(&self, message: &str) -> Failure {
        Failure::Run(message.to_string())
    }
}

fn no_standard_layout() -> Failure {
    Failure::Run("a result has no standard layout".to_string())
}

impl Stage<'_> {
    /// What is known of the rows of something that comes to it, of these planes and this type.
    fn outline(&self, planes: &[Layout], dtype: DType) -> Outline {
        let planes = planes.iter().map(|layout| layout.shape[1..].to_vec()).collect();
        Outline { dtype, pages: self.flow().pages, stack: self.flow().stack.clone(), rows: self.rows(), planes }
    }
}

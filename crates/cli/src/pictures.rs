//! Built-in pictures, for those who have none at hand: always the same for a size.

use clap::ValueEnum;
use fastrand::Rng;
use ndarray::Array2;

use crate::image::Image;
use crate::text;

/// The size at which the scene was drawn; it scales to others.
const SCENE: f64 = 512.0;

/// A built-in picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Picture {
    /// Bright discs and specks on a gradient (u8)
    Scene,
    /// The scene with pixels that are black or white (u8)
    Specks,
    /// The scene with noise that adds (u8)
    Noisy,
    /// The scene with the speckle of radar: noise that multiplies (f32)
    Radar,
    /// A printed page, half in shadow (u8)
    Page,
    /// Four textures (u8)
    Textures,
    /// Heights of mountains (f32)
    Terrain,
    /// The terrain with missing values, which are NaN (f32)
    Holes,
    /// Cells that are 0 or 1 at random (u8)
    Soup,
    /// Piles of up to 7 grains of sand (u8)
    Sand,
}

impl Picture {
    /// The picture with this many rows and columns.
    pub fn draw(self, side: usize) -> Image {
        let samples = match self {
            Picture::Scene => scene(side).into_dyn().into(),
            Picture::Specks => specks(side).into_dyn().into(),
            Picture::Noisy => noisy(side).into_dyn().into(),
            Picture::Radar => radar(side).into_dyn().into(),
            Picture::Page => page(side).into_dyn().into(),
            Picture::Textures => textures(side).into_dyn().into(),
            Picture::Terrain => terrain(side).into_dyn().into(),
            Picture::Holes => holes(side).into_dyn().into(),
            Picture::Soup => soup(side).into_dyn().into(),
            Picture::Sand => sand(side).into_dyn().into(),
        };
        Image::plain(samples)
    }
}

/// A scene that shows what erosion does: a gradient with bright discs that shrink, and specks that go away.
pub fn scene(side: usize) -> Array2<u8> {
    let mut random = Rng::with_seed(11);
    let unit = side as f64 / SCENE;
    let discs: Vec<(f64, f64, f64, f64)> = (0..26)
        .map(|_| {
            let [y, x, size, light] = [(); 4].map(|()| random.f64());
            (y * side as f64, x * side as f64, unit * (4.0 + 36.0 * size * size), 150.0 + 95.0 * light)
        })
        .collect();
    Array2::from_shape_fn((side, side), |(y, x)| {
        let (y, x) = (y as f64, x as f64);
        let wave = (x / (45.0 * unit)).sin() * (y / (60.0 * unit)).cos();
        let ground = 40.0 + 50.0 * (y / side as f64) + 18.0 * wave;
        // A pixel is in a disc, on its edge, or outside.
        let value = discs.iter().fold(ground, |value, (centre_y, centre_x, radius, bright)| {
            let cover = (radius + 0.5 - (y - centre_y).hypot(x - centre_x)).clamp(0.0, 1.0);
            value + cover * (bright - value)
        });
        let speck = if random.f64() < 0.01 { 120.0 } else { 0.0 };
        (value + speck + 12.0 * (random.f64() - 0.5)) as u8
    })
}

fn specks(side: usize) -> Array2<u8> {
    let mut random = Rng::with_seed(20);
    scene(side).mapv(|value| match random.u8(..100) {
        0..3 => u8::MIN,
        3..6 => u8::MAX,
        _ => value,
    })
}

fn noisy(side: usize) -> Array2<u8> {
    let mut random = Rng::with_seed(12);
    scene(side).mapv(|value| (f64::from(value) + 15.0 * normal(&mut random)) as u8)
}

/// A number of the normal distribution, nearly: of the sum of twelve.
fn normal(random: &mut Rng) -> f64 {
    (0..12).map(|_| random.f64()).sum::<f64>() - 6.0
}

fn radar(side: usize) -> Array2<f32> {
    let mut random = Rng::with_seed(13);
    // The mean of four looks, each of which multiplies by a number of the exponential distribution.
    let mut looks = || (0..4).map(|_| -(1.0 - random.f64()).ln()).sum::<f64>() / 4.0;
    scene(side).mapv(|value| (f64::from(value) * looks()) as f32)
}

fn page(side: usize) -> Array2<u8> {
    const LINES: [&str; 5] = ["A pixel is", "a function", "of its own", "window and", "no other."];
    let mut ink = Array2::zeros((side, side));
    let lines = LINES.iter().cycle().enumerate().map(|(row, line)| (4 + row * (text::HEIGHT + 2), line));
    for (y, line) in lines.take_while(|(y, _)| y + text::HEIGHT <= side) {
        let across = (line.len() + 3) * text::WIDTH;
        (6..side).step_by(across).for_each(|x| text::draw(&mut ink, y, x, line));
    }
    let mut random = Rng::with_seed(14);
    Array2::from_shape_fn((side, side), |(y, x)| {
        let shadow = 1.0 / (1.0 + (-8.0 * ((x + y) as f64 / side as f64 - 1.0)).exp());
        let light = 240.0 - 150.0 * shadow + 4.0 * normal(&mut random);
        (light * (1.0 - 0.6 * f64::from(ink[[y, x]]) / 255.0)) as u8
    })
}

fn textures(side: usize) -> Array2<u8> {
    let mut random = Rng::with_seed(15);
    Array2::from_shape_fn((side, side), |(y, x)| match (2 * y < side, 2 * x < side) {
        (true, true) => random.u8(30..220),
        (true, false) if (x / 3) % 2 == 0 => 70,
        (true, false) => 170,
        (false, true) if random.u8(..10) == 0 => 220,
        (false, true) => 110,
        (false, false) => (60 + 130 * (x + y - side) / side) as u8,
    })
}

/// Mountains: noise of smaller and smaller waves, with ridges where the noise is near zero.
fn terrain(side: usize) -> Array2<f32> {
    const OCTAVES: i32 = 5;
    let mut random = Rng::with_seed(16);
    let mut ground = Array2::zeros((side, side));
    for octave in 0..OCTAVES {
        let cells = 2 << octave;
        let lattice = Array2::from_shape_simple_fn((cells + 2, cells + 2), || 2.0 * random.f64() - 1.0);
        let height = side as f64 / 3.0 * 0.45f64.powi(octave);
        ground.indexed_iter_mut().for_each(|((y, x), value)| {
            let place = |index: usize| index as f64 / side as f64 * cells as f64;
            *value += (height * (1.0 - smooth_noise(&lattice, place(y), place(x)).abs())) as f32;
        });
    }
    ground
}

/// The value between the four points of a lattice around a place.
fn smooth_noise(lattice: &Array2<f64>, y: f64, x: f64) -> f64 {
    let (row, column) = (y as usize, x as usize);
    let ease = |t: f64| t * t * (3.0 - 2.0 * t);
    let (down, right) = (ease(y.fract()), ease(x.fract()));
    let along = |row: usize| lattice[[row, column]] * (1.0 - right) + lattice[[row, column + 1]] * right;
    along(row) * (1.0 - down) + along(row + 1) * down
}

fn holes(side: usize) -> Array2<f32> {
    let mut random = Rng::with_seed(17);
    let clouds: Vec<[f64; 3]> = (0..9)
        .map(|_| [random.f64(), random.f64(), 0.02 + 0.06 * random.f64()].map(|part| part * side as f64))
        .collect();
    let mut ground = terrain(side);
    ground.indexed_iter_mut().for_each(|((y, x), value)| {
        let below = |cloud: &[f64; 3]| (y as f64 - cloud[0]).hypot(x as f64 - cloud[1]) < cloud[2];
        if clouds.iter().any(below) || random.u8(..100) < 8 {
            *value = f32::NAN;
        }
    });
    ground
}

fn soup(side: usize) -> Array2<u8> {
    let mut random = Rng::with_seed(18);
    Array2::from_shape_simple_fn((side, side), || u8::from(random.u8(..100) < 35))
}

fn sand(side: usize) -> Array2<u8> {
    let mut random = Rng::with_seed(19);
    Array2::from_shape_fn((side, side), |(y, x)| {
        let middle = (y as f64 / side as f64 - 0.5).hypot(x as f64 / side as f64 - 0.5);
        random.u8(..4) + (4.0 * (1.0 - 2.0 * middle).max(0.0)) as u8
    })
}

//! OpenEXR files: channels, types, attributes, the window of what is left, and files that are not whole.

use std::fs;
use std::path::PathBuf;
use std::process::Output;

use assert_cmd::Command;
use exr::prelude::{
    AnyChannel, AnyChannels, Compression, Encoding, FlatSamples, Image, Layer, LayerAttributes, SmallVec, Vec2,
    WritableImage, f16, read_all_flat_layers_from_file,
};
use ndarray::ArrayD;
use ndarray_npy::read_npy;
use tempfile::TempDir;

const SIZE: Vec2<usize> = Vec2(7, 5);

struct Place(TempDir);

impl Place {
    fn new() -> Place {
        Place(TempDir::new().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes layers with these channels, whose samples are their number and that of the pixel.
    fn write(&self, name: &str, layers: &[(&str, Vec<(&str, FlatSamples)>)], compression: Compression) {
        let layers = layers.iter().map(|(layer, channels)| {
            let channels = channels.iter().map(|(name, samples)| AnyChannel::new(*name, samples.clone()));
            let mut attributes = LayerAttributes::named(*layer);
            attributes.owner = Some("somebody".into());
            attributes.layer_position = Vec2(10, 20);
            let encoding = Encoding { compression, ..Encoding::FAST_LOSSLESS };
            Layer::new(SIZE, attributes, encoding, AnyChannels::sort(channels.collect()))
        });
        let layers: SmallVec<[Layer<AnyChannels<FlatSamples>>; 2]> = layers.collect();
        Image::from_layers(exr::prelude::ImageAttributes::with_size(SIZE), layers)
            .write()
            .to_file(self.path(name))
            .unwrap();
    }

    fn run(&self, words: &[&str]) -> Output {
        Command::cargo_bin("hoodoo")
            .unwrap()
            .current_dir(self.0.path())
            .arg("run")
            .args(words)
            .arg("-q")
            .output()
            .unwrap()
    }

    fn ok(&self, words: &[&str]) -> String {
        let output = self.run(words);
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{words:?}: {told}");
        told
    }

    fn fails(&self, words: &[&str], message: &str) {
        let output = self.run(words);
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(1) && told.contains(message), "{words:?}: {told}");
    }

    fn layer(&self, name: &str) -> Layer<AnyChannels<FlatSamples>> {
        read_all_flat_layers_from_file(self.path(name)).unwrap().layer_data.remove(0)
    }
}

fn halves(channel: u32) -> FlatSamples {
    FlatSamples::F16((0..35).map(|pixel| f16::from_f32((channel * 100 + pixel) as f32)).collect())
}

fn floats(channel: u32) -> FlatSamples {
    FlatSamples::F32((0..35).map(|pixel| (channel * 1000 + pixel) as f32 / 8.0).collect())
}

fn numbers(channel: u32) -> FlatSamples {
    FlatSamples::U32((0..35).map(|pixel| u32::MAX - channel * 100 - pixel).collect())
}

#[test]
fn files_come_out_as_they_went_in() {
    let place = Place::new();
    for samples in [halves, floats, numbers] {
        for names in
            [&["R", "G", "B"][..], &["R", "G", "B", "A"], &["Y"], &["Y", "A"], &["Z", "id", "normal.x", "u", "v"]]
        {
            for compression in [Compression::PIZ, Compression::RLE, Compression::Uncompressed, Compression::ZIP1] {
                let channels = names.iter().zip(1..).map(|(name, number)| (*name, samples(number))).collect();
                place.write("in.exr", &[("main", channels)], compression);
                assert_eq!(place.ok(&["w[0, 0]", "in.exr", "-o", "out.exr", "--strict"]), "", "{names:?}");
                let (before, after) = (place.layer("in.exr"), place.layer("out.exr"));
                assert_eq!(after.channel_data.list, before.channel_data.list);
                assert_eq!((after.attributes, after.encoding), (before.attributes, before.encoding));
            }
        }
    }
}

#[test]
fn channels_are_colours_or_bands() {
    let place = Place::new();
    let channels = vec![("R", floats(1)), ("G", floats(2)), ("B", floats(3))];
    place.write("colour.exr", &[("main", channels)], Compression::ZIP16);
    place.ok(&["input r, g, b; r[0, 0] + 10 * g[0, 0] + 100 * b[0, 0]", "colour.exr", "-o", "sum.npy"]);
    let sum: ArrayD<f32> = read_npy(place.path("sum.npy")).unwrap();
    assert_eq!(sum[[0, 1]], (1001.0 + 20010.0 + 300_100.0) / 8.0);
    // By name, by number in the order of names, and as a picture.
    for part in ["colour.exr#B", "colour.exr#3"] {
        place.ok(&["w[0, 0]", part, "-o", "blue.npy"]);
        assert_eq!(read_npy::<_, ArrayD<f32>>(place.path("blue.npy")).unwrap()[[0, 1]], 3001.0 / 8.0);
    }
    place.ok(&["w[0, 0]", "colour.exr", "-o", "seen.png", "--shown", "auto"]);
    assert_eq!(image::open(place.path("seen.png")).unwrap().into_rgb8().dimensions(), (7, 5));
    place.fails(&["w[0, 0]", "colour.exr#Z", "-o", "blue.npy"], "has no channel Z; it has B, G, R");
    // Several outputs become channels with names of their own.
    place.ok(&["low: min(w), high: max(w)", "colour.exr#R", "-o", "two.exr", "--size", "3"]);
    let names: Vec<String> =
        place.layer("two.exr").channel_data.list.iter().map(|channel| channel.name.to_string()).collect();
    assert_eq!(names, ["band1", "band2"]);
    // Types that differ are the one that holds them all.
    place.write("mixed.exr", &[("main", vec![("a", halves(1)), ("b", floats(2))])], Compression::ZIP16);
    place.ok(&["w[0, 0]", "mixed.exr", "-o", "mixed.npy"]);
    assert_eq!(read_npy::<_, ArrayD<f32>>(place.path("mixed.npy")).unwrap()[[0, 0, 0]], 100.0);
    place.write("mixed.exr", &[("main", vec![("a", numbers(1)), ("b", floats(2))])], Compression::ZIP16);
    place.ok(&["w[0, 0]", "mixed.exr", "-o", "mixed.npy"]);
    assert_eq!(read_npy::<_, ArrayD<f64>>(place.path("mixed.npy")).unwrap()[[0, 0, 0]], f64::from(u32::MAX - 100));
}

#[test]
fn what_is_left_knows_where_it_was() {
    let place = Place::new();
    place.write("in.exr", &[("main", vec![("Y", floats(1))])], Compression::ZIP16);
    place.ok(&["mean(w)", "in.exr", "-o", "out.exr", "--size", "3,5", "--mode", "valid"]);
    let layer = place.layer("out.exr");
    assert_eq!((layer.size, layer.attributes.layer_position), (Vec2(3, 3), Vec2(12, 21)));
    assert_eq!(layer.attributes.owner, Some("somebody".into()));
    // Where only every other pixel is left, all is half as far, and as large.
    place.ok(&["w[0, 0]", "in.exr", "-o", "half.exr", "--stride", "2"]);
    let layer = place.layer("half.exr");
    assert_eq!((layer.size, layer.attributes.layer_position), (Vec2(4, 3), Vec2(5, 10)));
    let data = exr::meta::MetaData::read_from_file(place.path("half.exr"), false).unwrap();
    let window = data.headers[0].shared_attributes.display_window;
    assert_eq!((window.position, window.size), (Vec2(0, 0), Vec2(4, 3)));
}

#[test]
fn what_is_lost_is_named() {
    let place = Place::new();
    let layers = [("one", vec![("Y", halves(1))]), ("two", vec![("Y", halves(2))])];
    place.write("in.exr", &layers, Compression::PXR24);
    let told = place.ok(&["w[0, 0]", "in.exr", "-o", "out.exr"]);
    assert!(told.contains("the other page") && told.contains("pxr24 compression, which loses something"), "{told}");
    place.ok(&["w[0, 0]", "in.exr", "-o", "two.npy", "--page", "1", "--dtype", "f32"]);
    assert_eq!(read_npy::<_, ArrayD<f32>>(place.path("two.npy")).unwrap()[[0, 0]], 200.0);
    place.fails(&["w[0, 0]", "in.exr", "-o", "out.exr", "--page", "2"], "there is no layer 2; the last one is 1");
    place.fails(&["w[0, 0]", "in.exr", "-o", "in.exr"], "would lose its other page");
    assert!(place.ok(&["w[0, 0]", "in.exr", "-o", "out.npy"]).contains("EXR header"));
    place.fails(&["w[0, 0]", "in.exr", "-o", "out.exr", "--dtype", "f64"], "EXR file can't hold f64");
}

#[test]
fn files_that_are_not_whole_are_refused() {
    let place = Place::new();
    place.write("in.exr", &[("main", vec![("R", floats(1)), ("G", floats(2)), ("B", floats(3))])], Compression::ZIP16);
    let whole = fs::read(place.path("in.exr")).unwrap();
    for end in [5, 100, whole.len() / 2, whole.len() - 1] {
        fs::write(place.path("cut.exr"), &whole[..end]).unwrap();
        place.fails(&["w[0, 0]", "cut.exr", "-o", "out.npy"], "cut.exr: truncated or corrupt EXR file");
    }
    // The size of the data window says that there are far more pixels.
    let window = whole.windows(10).position(|bytes| bytes == b"dataWindow").unwrap() + 10 + 1 + 6 + 4;
    let mut huge = whole.clone();
    huge[window + 8..window + 16].copy_from_slice(&[0xff, 0xff, 0xff, 0x3f, 0xff, 0xff, 0xff, 0x3f]);
    fs::write(place.path("huge.exr"), huge).unwrap();
    place.fails(&["w[0, 0]", "huge.exr", "-o", "out.npy"], "huge.exr");
    place.fails(&["w[0, 0]", "in.exr", "-o", "out.npy", "--max-pixels", "34"], "--max-pixels allows 34");
}

//! Pictures as encoded files, for terminals that have a protocol for them: kitty's, and iTerm2's.

use std::fmt::Write as _;
use std::io::Cursor;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::{ImageFormat, ImageResult, RgbImage};

use super::cells::Cells;

/// The most characters of base64 in one of kitty's escape sequences.
const CHUNK: usize = 4096;

/// The picture as a PNG file, in base64.
fn encoded(picture: &RgbImage) -> ImageResult<String> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png)?;
    Ok(STANDARD.encode(bytes.into_inner()))
}

/// The picture in kitty's graphics protocol, over the cells.
pub fn kitty(picture: &RgbImage, Cells { columns, rows }: Cells) -> ImageResult<String> {
    let data = encoded(picture)?;
    let mut text = String::new();
    for (index, start) in (0..data.len()).step_by(CHUNK).enumerate() {
        let end = (start + CHUNK).min(data.len());
        let more = u8::from(end < data.len());
        // a=T: show it at once; f=100: a PNG file; q=2: no answer, which would be read as if it were typed.
        let keys = if index == 0 { format!("a=T,f=100,q=2,c={columns},r={rows},") } else { String::new() };
        let _ = write!(text, "\x1b_G{keys}m={more};{}\x1b\\", &data[start..end]);
    }
    Ok(text)
}

/// The picture in iTerm2's protocol, over the cells.
pub fn iterm(picture: &RgbImage, Cells { columns, rows }: Cells) -> ImageResult<String> {
    let data = encoded(picture)?;
    let keys = format!("inline=1;preserveAspectRatio=1;width={columns};height={rows}");
    Ok(format!("\x1b]1337;File={keys}:{data}\x07"))
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use image::{Rgb, RgbImage};

    use super::{CHUNK, Cells, iterm, kitty};

    /// A picture that no format makes much smaller.
    fn noise() -> RgbImage {
        let mut random = fastrand::Rng::with_seed(3);
        RgbImage::from_fn(64, 48, |_, _| Rgb([(); 3].map(|()| random.u8(..))))
    }

    fn decoded(base64: &str) -> RgbImage {
        image::load_from_memory(&STANDARD.decode(base64).unwrap()).unwrap().into_rgb8()
    }

    const CELLS: Cells = Cells { columns: 20, rows: 8 };

    #[test]
    fn kitty_gets_the_picture_in_chunks() {
        let text = kitty(&noise(), CELLS).unwrap();
        let chunks: Vec<(&str, &str)> = text
            .split_terminator("\x1b\\")
            .map(|chunk| chunk.strip_prefix("\x1b_G").unwrap().split_once(';').unwrap())
            .collect();
        assert!(chunks.len() > 2 && chunks.iter().all(|(_, data)| data.len() <= CHUNK));
        assert_eq!(chunks[0].0, "a=T,f=100,q=2,c=20,r=8,m=1");
        assert_eq!((chunks[1].0, chunks[chunks.len() - 1].0), ("m=1", "m=0"));
        assert_eq!(decoded(&chunks.iter().map(|(_, data)| *data).collect::<String>()), noise());
    }

    #[test]
    fn iterm_gets_the_picture_at_once() {
        let text = iterm(&noise(), CELLS).unwrap();
        let (keys, data) = text.strip_prefix("\x1b]1337;File=").unwrap().split_once(':').unwrap();
        assert!(keys.contains("inline=1") && keys.contains("width=20;height=8"), "{keys}");
        assert_eq!(decoded(data.strip_suffix("\x07").unwrap()), noise());
    }
}

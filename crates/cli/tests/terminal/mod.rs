//! A terminal for programs under test: a pseudo-terminal, and the screen that a user would see.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use vt100::Screen;

/// How long anything may take on a busy machine before it counts as never.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a terminal is asked when a program wants to know where the cursor is.
const WHERE_IS_THE_CURSOR: &[u8] = b"\x1b[6n";

/// A program in a terminal.
pub struct Terminal {
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    keyboard: Arc<Mutex<Box<dyn Write + Send>>>,
    display: Arc<(Mutex<Display>, Condvar)>,
}

struct Display {
    parser: vt100::Parser,
    /// Everything that was written, as it was.
    bytes: Vec<u8>,
    closed: bool,
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

fn length(cells: u16) -> NonZeroU16 {
    NonZeroU16::new(cells).expect("a window has cells")
}

impl Terminal {
    /// Starts `hoodoo` with arguments in a terminal of this size; `home` is where it keeps its data.
    pub fn start(arguments: &[&str], home: &Path, columns: u16, rows: u16, environment: &[(&str, &str)]) -> Terminal {
        let pair = native_pty_system().openpty(size(columns, rows)).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_hoodoo"));
        command.args(arguments);
        command.cwd(home);
        for name in ["NO_COLOR", "TERM_PROGRAM", "KITTY_WINDOW_ID", "LC_TERMINAL"] {
            command.env_remove(name);
        }
        command.env("TERM", "xterm-256color");
        command.env("COLORTERM", "truecolor");
        command.env("HOME", home);
        command.env("XDG_DATA_HOME", home.join("data"));
        environment.iter().for_each(|(name, value)| command.env(name, value));
        let child = pair.slave.spawn_command(command).unwrap();
        let mut output = pair.master.try_clone_reader().unwrap();
        let keyboard = Arc::new(Mutex::new(pair.master.take_writer().unwrap()));
        let parser = vt100::Parser::new(length(rows), length(columns), 1000);
        let display = Arc::new((Mutex::new(Display { parser, bytes: Vec::new(), closed: false }), Condvar::new()));
        let (shown, answers) = (Arc::clone(&display), Arc::clone(&keyboard));
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = output.read(&mut buffer) {
                for byte in &buffer[..read] {
                    let mut display = shown.0.lock().unwrap();
                    display.parser.process(&[*byte]);
                    display.bytes.push(*byte);
                    if display.bytes.ends_with(WHERE_IS_THE_CURSOR) {
                        let (row, column) = display.parser.screen().cursor_position();
                        drop(display);
                        let _ = write!(answers.lock().unwrap(), "\x1b[{};{}R", row + 1, column + 1);
                    }
                }
                shown.1.notify_all();
            }
            shown.0.lock().unwrap().closed = true;
            shown.1.notify_all();
        });
        Terminal { master: pair.master, child, keyboard, display }
    }

    /// Types; `\r` is the Enter key.
    pub fn press(&self, keys: &str) {
        self.keyboard.lock().unwrap().write_all(keys.as_bytes()).unwrap();
    }

    /// Makes the window another size.
    pub fn resize(&self, columns: u16, rows: u16) {
        self.display.0.lock().unwrap().parser.screen_mut().set_size(length(rows), length(columns));
        self.master.resize(size(columns, rows)).unwrap();
    }

    /// Waits until the screen is as wanted.
    pub fn wait(&self, what: &str, wanted: impl Fn(&Screen) -> bool) {
        self.wait_at_most(PATIENCE, wanted)
            .unwrap_or_else(|screen| panic!("no {what} after {PATIENCE:?} on the screen\n{screen}"));
    }

    /// Waits until the screen is as wanted, or gives what is on it instead.
    pub fn wait_at_most(&self, time: Duration, wanted: impl Fn(&Screen) -> bool) -> Result<(), String> {
        let start = Instant::now();
        let mut display = self.display.0.lock().unwrap();
        while !wanted(display.parser.screen()) {
            let left = time.saturating_sub(start.elapsed());
            if left.is_zero() || display.closed {
                return Err(display.parser.screen().contents());
            }
            display = self.display.1.wait_timeout(display, left).unwrap().0;
        }
        Ok(())
    }

    /// Waits for a text on the screen.
    pub fn wait_for(&self, text: &str) {
        self.wait(&format!("{text:?}"), |screen| screen.contents().contains(text));
    }

    /// Enters a line, and waits for its answer and the next prompt. An older answer does not count.
    pub fn enter(&self, entry: &str, answer: &str) {
        let before = self.bytes().len();
        self.press(&format!("{entry}\r"));
        let display = self.display.0.lock().unwrap();
        let answered = |display: &mut Display| {
            !display.closed && !String::from_utf8_lossy(&display.bytes[before..]).contains(answer)
        };
        let (display, waited) = self.display.1.wait_timeout_while(display, PATIENCE, answered).unwrap();
        assert!(!waited.timed_out(), "no {answer:?} to {entry:?}\n{}", display.parser.screen().contents());
        drop(display);
        self.wait_for_prompt();
    }

    /// Waits until a line can be typed, in however small a window.
    pub fn wait_for_editor(&self) {
        let display = self.display.0.lock().unwrap();
        let asked = |bytes: &[u8]| bytes.windows(WHERE_IS_THE_CURSOR.len()).any(|part| part == WHERE_IS_THE_CURSOR);
        let waiting = |display: &mut Display| !display.closed && !asked(&display.bytes);
        let waited = self.display.1.wait_timeout_while(display, PATIENCE, waiting).unwrap().1;
        assert!(!waited.timed_out(), "the line editor does not start");
    }

    /// Waits until an empty prompt is where the cursor is.
    pub fn wait_for_prompt(&self) {
        self.wait("prompt", |screen| {
            let (row, column) = screen.cursor_position();
            let line: String = screen.rows(0, column).nth(row.into()).unwrap_or_default();
            line.trim_end() == "hoodoo>"
        });
    }

    /// What is on the screen, looked at by `look`.
    pub fn screen<T>(&self, look: impl Fn(&Screen) -> T) -> T {
        look(self.display.0.lock().unwrap().parser.screen())
    }

    /// Everything that was written so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.display.0.lock().unwrap().bytes.clone()
    }

    /// How the terminal treats keys, in words.
    #[cfg(unix)]
    pub fn modes(&self) -> String {
        format!("{:?}", self.master.get_termios().unwrap().local_flags)
    }

    /// Has the system end the program.
    #[cfg(unix)]
    pub fn terminate(&mut self) {
        let process = self.child.process_id().unwrap().to_string();
        assert!(std::process::Command::new("kill").arg(process).status().unwrap().success());
        self.child.wait().unwrap();
    }

    /// Waits until the program ends, and gives its exit status.
    pub fn wait_for_end(mut self) -> u32 {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code();
            }
            assert!(start.elapsed() < PATIENCE, "the program goes on\n{}", self.screen(Screen::contents));
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// A test that fails leaves no program behind.
impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

/// The screen as a drawing.
pub fn svg(screen: &Screen) -> String {
    // Of a cell, in pixels.
    const WIDTH: usize = 8;
    const HEIGHT: usize = 16;
    const TEXT: &str = "#d8dade";
    let (rows, columns) = (screen.size().0.get(), screen.size().1.get());
    let used =
        (0..rows).rev().find(|row| (0..columns).any(|x| screen.cell(*row, x).is_some_and(|cell| cell.has_contents())));
    let rows = used.map_or(1, |row| row + 1);
    let (width, height) = (usize::from(columns) * WIDTH, usize::from(rows) * HEIGHT);
    let mut drawing = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"monospace\" font-size=\"13.3\" shape-rendering=\"crispEdges\" xml:space=\"preserve\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#16181d\"/>\n"
    );
    for row in 0..rows {
        let y = usize::from(row) * HEIGHT;
        let mut run = (0, String::new(), String::new());
        for column in 0..=columns {
            let x = usize::from(column) * WIDTH;
            let cell = screen.cell(row, column);
            let text = cell.map_or("", |cell| cell.contents());
            let front = cell.and_then(|cell| colour(cell.fgcolor())).unwrap_or_else(|| TEXT.to_string());
            let back = cell.and_then(|cell| colour(cell.bgcolor()));
            let half = match text {
                "\u{2584}" => Some(HEIGHT / 2),
                "\u{2580}" => Some(0),
                _ => None,
            };
            // Text of one colour is one element.
            let (start, written, of) = &mut run;
            if half.is_some() || cell.is_none() || (front != *of && !text.trim().is_empty()) {
                if !written.trim().is_empty() {
                    let escaped = written.trim_end().replace('&', "&amp;").replace('<', "&lt;");
                    drawing += &format!("<text x=\"{start}\" y=\"{}\" fill=\"{of}\">{escaped}</text>\n", y + 12);
                }
                (*start, *written, *of) = (x, String::new(), front.clone());
            }
            let mut fill = |top: usize, height: usize, colour: &str| {
                drawing += &format!("<path fill=\"{colour}\" d=\"M{x} {}h{WIDTH}v{height}h-{WIDTH}z\"/>\n", y + top);
            };
            if let Some(back) = &back {
                fill(0, HEIGHT, back);
            }
            match half {
                Some(top) if back.as_ref() != Some(&front) => fill(top, HEIGHT / 2, &front),
                Some(_) => {}
                None => written.push_str(if text.is_empty() { " " } else { text }),
            }
            if half.is_some() {
                *start = x + WIDTH;
            }
        }
    }
    drawing + "</svg>\n"
}

/// A colour as drawings have it; none for that of the terminal.
fn colour(colour: vt100::Color) -> Option<String> {
    const NAMED: [&str; 16] = [
        "#000000", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#abb2bf", "#7f848e", "#e06c75",
        "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#ffffff",
    ];
    match colour {
        vt100::Color::Default => None,
        vt100::Color::Idx(index) => Some(NAMED.get(usize::from(index)).unwrap_or(&NAMED[7]).to_string()),
        vt100::Color::Rgb(red, green, blue) => Some(format!("#{red:02x}{green:02x}{blue:02x}")),
    }
}

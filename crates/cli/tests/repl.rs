//! The real program at a prompt: in a pseudo-terminal, and with entries that come through a pipe; and the bar of `hoodoo run`, which only a
//! terminal shows.
//!
//! The picture in docs/: `HOODOO_RECORD=photo.png cargo test --release --test repl recording` writes docs/repl.svg.

mod terminal;

use std::cell::RefCell;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use assert_cmd::Command;
use hoodoo_cli::session::COMMANDS;
use tempfile::TempDir;
use terminal::Terminal;

fn start(home: &TempDir) -> Terminal {
    let terminal = Terminal::start(&["repl"], home.path(), 100, 40, &[]);
    terminal.wait_for_prompt();
    terminal
}

/// Whether the screen has a picture of half blocks.
fn has_picture(screen: &vt100::Screen) -> bool {
    screen.contents().contains('▄')
}

#[test]
fn typing() {
    let home = TempDir::new().unwrap();
    let terminal = start(&home);
    terminal.wait_for("scene: u8 192 x 192");
    terminal.press("max(w) - 1.5 + ^");
    terminal.wait_for("hoodoo> max(w) - 1.5 + ^");
    // Built-ins, numbers and errors have colours of their own, by the grammar.
    terminal.wait("colours", |screen| {
        let (row, _) = screen.cursor_position();
        let colour = |column| screen.cell(row, column).unwrap().fgcolor();
        let (builtin, name, number, wrong) = (colour(8), colour(12), colour(17), colour(23));
        builtin != name && number != name && number != builtin && wrong != name
    });
    terminal.press("\x7f2\r");
    terminal.wait_for("compile ");
    terminal.wait_for_prompt();
    assert!(terminal.screen(has_picture));
    // A mistake is shown where it is, and the session goes on.
    terminal.press("mean(w) + medain(w)\r");
    terminal.wait_for("did you mean `median`?");
    terminal.wait_for("1 | mean(w) + medain(w)");
    terminal.wait_for("  |           ^^^^^^");
    terminal.wait_for_prompt();
    terminal.press(":type _\r");
    terminal.wait_for("a window of numbers");
    terminal.wait_for_prompt();
    terminal.press("\x04");
    assert_eq!(terminal.wait_for_end(), 0);
}

#[test]
fn several_lines() {
    let home = TempDir::new().unwrap();
    let terminal = start(&home);
    terminal.press(":type mean(\r");
    terminal.wait_for("ends too early");
    terminal.wait_for_prompt();
    terminal.press("let long = (\r");
    terminal.wait_for("      | ");
    terminal.press("min(w)\r)\r");
    terminal.wait_for("long: a number");
    terminal.wait_for_prompt();
    // Ctrl-C leaves what was typed.
    terminal.press("if long > 3\r");
    terminal.press("then");
    terminal.wait_for("| then");
    terminal.press("\x03");
    terminal.wait_for_prompt();
    // A paste is one entry.
    terminal.press("\x1b[200~fn half(x) =\n  x / 2\x1b[201~");
    terminal.wait_for("x / 2");
    terminal.press("\r");
    terminal.wait_for("half: a function");
    terminal.press(":quit\r");
    assert_eq!(terminal.wait_for_end(), 0);
}

#[test]
fn completion_and_hints() {
    let home = TempDir::new().unwrap();
    fs::write(home.path().join("lonely.hood"), "mean(w)").unwrap();
    let terminal = start(&home);
    terminal.press("percen\t");
    terminal.wait_for("hoodoo> percentile");
    terminal.press("(");
    terminal.wait_for("hoodoo> percentile(x, q)");
    terminal.press("\x03");
    terminal.wait_for_prompt();
    // Several names: a menu with what they mean.
    terminal.press("me\t");
    terminal.wait_for("the arithmetic mean");
    terminal.wait_for("median(x): the middle value");
    terminal.press("\x03");
    terminal.wait_for_prompt();
    terminal.press("let meadow = 1\r");
    terminal.wait_for("meadow: a number");
    terminal.wait_for_prompt();
    terminal.press("mea\t");
    terminal.wait("definition of meadow", |screen| screen.contents().matches("let meadow = 1").count() > 1);
    terminal.press("\x03");
    terminal.wait_for_prompt();
    terminal.press(":foot\t");
    terminal.wait_for("hoodoo> :footprint");
    terminal.press(" cross:1\r");
    terminal.wait_for("# @ #");
    terminal.wait_for_prompt();
    terminal.press(":mode mir\t\r");
    terminal.wait_for("mode mirror");
    terminal.wait_for_prompt();
    terminal.press(":source lon\t\r");
    terminal.wait_for("compile ");
    terminal.press("\x04");
    assert_eq!(terminal.wait_for_end(), 0);
}

#[test]
fn history() {
    let home = TempDir::new().unwrap();
    let terminal = start(&home);
    terminal.press(":type 41 + w\r");
    terminal.wait_for("a window of numbers");
    terminal.wait_for_prompt();
    // However the session ends, it is in the history already.
    assert!(fs::read_to_string(home.path().join("data/hoodoo/history.txt")).unwrap().contains("41 + w"));
    terminal.press("\x04");
    assert_eq!(terminal.wait_for_end(), 0);

    let terminal = start(&home);
    terminal.press("\x1b[A");
    terminal.wait_for("hoodoo> :type 41 + w");
    terminal.press("\r");
    terminal.wait_for("a window of numbers");
    terminal.wait_for_prompt();
    // What was typed before is the hint.
    terminal.press(":type 4");
    terminal.wait("hint", |screen| screen.contents().matches("hoodoo> :type 41 + w").count() == 2);
    terminal.press("\x03");
    terminal.wait_for_prompt();
    terminal.press("\x04");
    assert_eq!(terminal.wait_for_end(), 0);

    // Where there can be no history, there is a prompt all the same.
    fs::write(home.path().join("file"), "").unwrap();
    let blocked = home.path().join("file").display().to_string();
    let terminal = Terminal::start(&["repl"], home.path(), 100, 40, &[("XDG_DATA_HOME", &blocked)]);
    terminal.wait_for("there will be no history");
    terminal.wait_for_prompt();
    terminal.press("\x04");
    assert_eq!(terminal.wait_for_end(), 0);
}

#[test]
fn ctrl_c_cancels_a_run_and_not_the_session() {
    let home = TempDir::new().unwrap();
    let terminal = start(&home);
    terminal.press(":engine interpreter\r");
    terminal.wait_for("engine interpreter\n");
    terminal.press(":size 151\r");
    terminal.wait_for("size 151\n");
    terminal.wait_for_prompt();
    terminal.press("median(w) + 1\r");
    // The run may not have begun when the first comes; a second one while it is being cancelled would end the process.
    let cancelled = |screen: &vt100::Screen| screen.contents().contains("error: cancelled");
    let tried = (0..20).any(|_| {
        terminal.press("\x03");
        terminal.wait_at_most(Duration::from_secs(3), cancelled).is_ok()
    });
    assert!(tried, "{}", terminal.screen(vt100::Screen::contents));
    terminal.press("\r:size 1\r");
    terminal.wait_for("size 1\n");
    terminal.press("max(w)\r");
    terminal.wait_for("compile ");
    terminal.wait_for_prompt();
    terminal.press("\x04");
    assert_eq!(terminal.wait_for_end(), 0);
}

/// A program that a signal ends leaves the terminal as it was.
#[cfg(unix)]
#[test]
fn the_terminal_is_as_before() {
    let home = TempDir::new().unwrap();
    let mut terminal = start(&home);
    assert!(!terminal.modes().contains("ECHO |"), "{}", terminal.modes());
    terminal.terminate();
    assert!(terminal.modes().contains("ECHO |") && terminal.modes().contains("ICANON"), "{}", terminal.modes());
}

#[test]
fn narrow_windows_and_resizing() {
    for (columns, rows) in [(10, 5), (1, 1), (2, 40), (200, 2), (9, 24)] {
        let home = TempDir::new().unwrap();
        let terminal = Terminal::start(&["repl"], home.path(), columns, rows, &[]);
        // Before that, Ctrl-C would end the program.
        terminal.wait_for_editor();
        terminal.press("min(w) - max(w)\r");
        terminal.press("med\t");
        terminal.press("\x03");
        terminal.press("medain\r");
        terminal.press(":help\r");
        terminal.press(":footprint disk:20\r");
        terminal.resize(columns + 3, rows + 2);
        terminal.press("mean(\rw)\r");
        terminal.resize(100, 30);
        terminal.press(":type w\r");
        terminal.wait_for("a window of numbers");
        terminal.resize(3, 2);
        terminal.press("w[0,0] * 1234567890\r:quit\r");
        assert_eq!(terminal.wait_for_end(), 0, "{columns} x {rows}");
    }
}

/// What a cat on the keyboard types, and what a mouse pastes.
#[test]
fn rubbish() {
    let home = TempDir::new().unwrap();
    let terminal = start(&home);
    terminal.press("\u{1}\u{2}\u{5}\u{6}\u{b}\u{15}\u{17}\u{19}\x1b[99~\x1bOQ)))((([[[\"'`\\é\u{1f600}\r");
    terminal.wait_for("error[H001]");
    terminal.wait_for_prompt();
    let paste = format!("\x1b[200~{}\x1b[201~\r", "(1+".repeat(5000));
    terminal.press(&paste);
    terminal.wait_for("error[H003]");
    terminal.wait_for_prompt();
    terminal.press(":load .\r");
    terminal.wait_for("unknown file type");
    terminal.wait_for_prompt();
    terminal.press(":sise 3\r");
    terminal.wait_for("did you mean `:size`?");
    terminal.wait_for_prompt();
    terminal.press("input a, b; min(a) + min(b)\r");
    terminal.wait_for("there is no image for the input `b`");
    terminal.wait_for_prompt();
    terminal.press("\x04");
    assert_eq!(terminal.wait_for_end(), 0);
}

#[test]
fn without_colours() {
    for variable in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let home = TempDir::new().unwrap();
        let terminal = Terminal::start(&["repl"], home.path(), 100, 40, &[variable]);
        terminal.wait_for_prompt();
        terminal.press("max(w) + 2\r");
        terminal.wait_for("compile ");
        terminal.wait_for_prompt();
        terminal.press("nothing\r");
        terminal.wait_for("error[H010]");
        terminal.wait_for_prompt();
        assert!(!terminal.screen(has_picture));
        // What is chosen is told apart by more than capitals, where the terminal can do more.
        if variable.0 == "NO_COLOR" {
            terminal.press("me\t");
            terminal.wait_for("mean(x): the arithmetic mean");
            let reversed = |screen: &vt100::Screen| {
                (0..40).any(|row| (0..100).any(|column| screen.cell(row, column).is_some_and(vt100::Cell::inverse)))
            };
            terminal.wait("what is chosen", reversed);
            terminal.press("\x03");
            terminal.wait_for_prompt();
        }
        assert!(!coloured(&terminal), "{:?}", String::from_utf8_lossy(&terminal.bytes()));
        terminal.press("\x04");
        assert_eq!(terminal.wait_for_end(), 0);
        let terminal = Terminal::start(&["check", "foo"], home.path(), 100, 40, &[variable]);
        terminal.wait_for("error[H010]");
        assert!(!coloured(&terminal));
        assert_eq!(terminal.wait_for_end(), 1);
    }
}

/// Whether there is a colour in what was written: 30 to 37, 90 to 97, 38 and 48 are those of text and background.
fn coloured(terminal: &Terminal) -> bool {
    let written = String::from_utf8_lossy(&terminal.bytes()).into_owned();
    written.split("\x1b[").skip(1).any(|sequence| {
        let parameters = sequence.split_once('m').map_or("", |(parameters, _)| parameters);
        let colour = |code: u32| matches!(code, 30..=38 | 40..=48 | 90..=107);
        parameters.split(';').filter_map(|code| code.parse().ok()).any(colour)
            && parameters.chars().all(|c| c.is_ascii_digit() || c == ';')
    })
}

/// Standard output, standard error and exit status of entries that come through a pipe.
fn piped(home: &TempDir, entries: impl Into<Vec<u8>>, arguments: &[&str]) -> (String, String, i32) {
    let mut command = Command::cargo_bin("hoodoo").unwrap();
    command.current_dir(home.path()).env("HOME", home.path()).arg("repl").args(arguments).write_stdin(entries);
    // A session that waits for what never comes would be a failure too.
    command.timeout(Duration::from_secs(120));
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code().unwrap())
}

#[test]
fn a_pipe_is_evaluated() {
    let home = TempDir::new().unwrap();
    image::GrayImage::from_fn(20, 10, |x, y| image::Luma([(x + 10 * y) as u8]))
        .save(home.path().join("a.png"))
        .unwrap();
    let rgba = image::RgbaImage::from_fn(4, 5, |x, y| image::Rgba([x as u8, y as u8, 7, 9]));
    rgba.save(home.path().join("colour.png")).unwrap();
    let entries = "# A comment\n\nfn range(x) = (\n  max(x)\n  - min(x))\nrange(w)\nlow: min(w),\nhigh: max(w)\n:save l.png h.npy\n\
                   range(_)\n:save range.png\n:write range.hood\n:load colour.png\nmax(w)\n:save c.png";
    let (output, errors, status) = piped(&home, entries, &["a.png"]);
    assert_eq!((errors.as_str(), status), ("", 0), "{output}");
    assert!(output.starts_with("range: a function\nu8 10 x 20  min 11  mean "), "{output}");
    assert!(output.contains("\nlow: u8 10 x 20  min 0") && output.contains("\nhigh: u8 10 x 20  min 11"), "{output}");
    assert!(output.contains("\ncolour: u8 5 x 4, 3 channels"), "{output}");
    assert!(!output.contains('\x1b') && !output.contains('▄'), "{output}");
    let low = image::open(home.path().join("l.png")).unwrap().into_luma8();
    assert_eq!(low.get_pixel(19, 9).0, [98]);
    let colour = image::open(home.path().join("c.png")).unwrap().into_rgb8();
    assert_eq!(colour.get_pixel(0, 0).0, [1, 1, 7]);
    let kernel = fs::read_to_string(home.path().join("range.hood")).unwrap();
    assert!(kernel.starts_with("input _;\nfn range(x) =") && kernel.ends_with("range(_)\n"), "{kernel}");
    assert_eq!(piped(&home, "", &[]), (String::new(), String::new(), 0));
    assert_eq!(piped(&home, ":quit\nnothing\n", &[]).2, 0);
}

#[test]
fn a_pipe_ends_at_the_first_error() {
    let home = TempDir::new().unwrap();
    for (entries, message) in [
        (&b"1 +"[..], "error[H001]: the kernel ends too early"),
        (b"nothing", "error[H010]: unknown name `nothing`"),
        (b"assert w[0,0] > 300; 1", "error: at pixel [0, 0]: the assertion does not hold"),
        (b"\xff\xfe", "error: line 1 is not UTF-8 text"),
        (b"\0", "error[H001]"),
        (b":sise", "did you mean `:size`?"),
        (b":load /", "unknown file type"),
        (b":load gone.png", "error: gone.png: "),
        (b"1\n:save /nowhere/at/all.png", "there is no directory"),
        (b"1\n:save .", "unknown file type"),
        (b"1\n:write /nowhere/k.hood", "there is no directory"),
        (b":source .hood", "error: .hood: "),
        (b":load -", "`-` is not a file"),
        (b"weights k\n:weights k=-", "`-` is not a file"),
        (b"1\n:save -", "`-` is not a file"),
        (b"input a, b; a[0,0] + b[0,0]", "no image for the input `b`"),
    ] {
        let mut all = b":size 3\n".to_vec();
        all.extend(entries);
        all.extend(b"\n:size 5\n");
        // An entry that is not complete takes the next line for its own.
        let (output, errors, status) = piped(&home, all, &[]);
        let message = if entries == b"1 +" { "error[H001]: unexpected `:`" } else { message };
        let message = message.replace("line 1", "line 2");
        assert!(errors.starts_with("error") && errors.contains(&message), "{}: {errors}", entries.escape_ascii());
        assert_eq!(status, 1, "{errors}");
        assert!(output.starts_with("size 3\n") && !output.contains("size 5"), "{output}");
    }
    let (_, errors, status) = piped(&home, "", &["-"]);
    assert!(errors.starts_with("error: `-` is not a file") && status == 2, "{errors}");
    let (_, errors, status) = piped(&home, "", &["gone.png"]);
    assert!(errors.starts_with("error: gone.png"), "{errors}");
    assert_eq!(status, 1);
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}

/// As a shell understands paths, with what some editors put in front of a text, and through a link that stays one.
#[test]
fn paths_of_files() {
    let home = TempDir::new().unwrap();
    let entries = "max(w)\n:save ~/max.npy\n:load ~/max.npy\n:write ~/max.hood\n\
                   :source ~/max.hood\n:source mark.hood\n:write link.hood";
    fs::write(home.path().join("mark.hood"), "\u{feff}min(w)").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("max.hood", home.path().join("link.hood")).unwrap();
    let (output, errors, status) = piped(&home, entries, &[]);
    assert_eq!((errors.as_str(), status), ("", 0), "{output}");
    assert_eq!(fs::read_to_string(home.path().join("max.hood")).unwrap(), "min(w)\n");
    assert!(home.path().join("max.npy").exists());
    #[cfg(unix)]
    assert!(fs::symlink_metadata(home.path().join("link.hood")).unwrap().is_symlink());
}

/// Between runs there is nothing to cancel but the program.
#[test]
fn ctrl_c_ends_a_pipe() {
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_hoodoo"))
        .arg("repl")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // The prompt waits for more.
    let mut input = child.stdin.take().unwrap();
    input.write_all(b":size 3\n").unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "size 3\n");
    let interrupted = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    assert!(matches!(child.wait().unwrap().code(), Some(130)));
    drop(input);
}

#[test]
fn long_lines_and_many_lines() {
    let home = TempDir::new().unwrap();
    for entries in [
        "x".repeat(1 << 20),
        "(".repeat(1 << 20),
        "(\n".repeat(1 << 16),
        "1 +\n".repeat(1 << 16),
        format!(":load {}", "x".repeat(1 << 20)),
        "\u{1}".repeat(1 << 20),
    ] {
        let (output, errors, status) = piped(&home, entries, &[]);
        assert_eq!((output.as_str(), status), ("", 1));
        assert!(errors.starts_with("error") && errors.len() < 4000, "{} bytes", errors.len());
    }
    let (output, errors, status) = piped(&home, format!("{}min(w)", "1 + ".repeat(1000)), &[]);
    assert_eq!((errors.as_str(), status), ("", 0), "{output}");
}

/// The table of commands in docs/repl.md is that of the code.
#[test]
fn every_command_is_documented() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/repl.md")).unwrap();
    for command in COMMANDS {
        let line = format!("| `:{}` | {} |", format!("{} {}", command.name, command.arguments).trim(), command.doc);
        assert!(page.contains(&line), "docs/repl.md has no line\n{line}");
    }
}

/// A session on a picture, as a user would see it; with `HOODOO_RECORD`, on that file, it becomes docs/repl.svg.
#[test]
fn recording() {
    let home = TempDir::new().unwrap();
    let photo = std::env::var_os("HOODOO_RECORD");
    let mut arguments = vec!["repl"];
    let path = photo.as_ref().map(|photo| fs::canonicalize(photo).unwrap().display().to_string());
    arguments.extend(path.as_deref());
    let terminal = Terminal::start(&arguments, home.path(), 64, 130, &[]);
    terminal.wait_for_prompt();
    for (entry, answer) in [
        ("let m = mean(w)", "m: a number"),
        (":size 5", "size 5"),
        ("param k = 0.9; if w[0,0] < m * k then 0 else 255", "compile "),
        (":param k=0.8", "compile "),
        ("median(_)", "compile "),
        ("medain(_)", "did you mean `median`?"),
        (":bench median(w)", "interpreter "),
    ] {
        terminal.enter(entry, answer);
    }
    let drawing = terminal.screen(terminal::svg);
    assert!(drawing.starts_with("<svg ") && drawing.contains("did you mean"), "{drawing:.400}");
    if photo.is_some() {
        fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/repl.svg"), drawing).unwrap();
    }
    terminal.press("\x04");
    assert_eq!(terminal.wait_for_end(), 0);
}

/// While a picture is coded, the bar says how far it is. How long that takes depends on the machine.
#[test]
fn a_bar_while_a_picture_is_coded() {
    let home = TempDir::new().unwrap();
    let mut random = fastrand::Rng::with_seed(14);
    for side in [3000, 6000, 12000] {
        let array = ndarray::Array2::from_shape_simple_fn((side, side), || random.u8(..));
        ndarray_npy::write_npy(home.path().join("in.npy"), &array).unwrap();
        let terminal = Terminal::start(&["run", "w[0,0]", "in.npy", "-o", "out.png"], home.path(), 100, 10, &[]);
        let percentages = RefCell::new(Vec::new());
        let ended = terminal.wait_at_most(Duration::from_secs(120), |screen| {
            let contents = screen.contents();
            if let Some((shown, _)) = contents.split_once("writing") {
                let number = shown.trim_end().trim_end_matches('%').split_whitespace().last().unwrap_or_default();
                percentages.borrow_mut().extend(number.parse::<u32>());
            }
            false
        });
        assert!(ended.is_err());
        assert_eq!(terminal.wait_for_end(), 0);
        let mut percentages = percentages.into_inner();
        assert!(percentages.iter().all(|percentage| *percentage <= 100), "{percentages:?}");
        // Before the coder has said anything, the bar is that of the filter, which is at its end.
        let coded = percentages.iter().position(|percentage| *percentage < 100).unwrap_or(percentages.len());
        percentages.drain(..coded);
        assert!(percentages.is_sorted(), "{percentages:?}");
        percentages.dedup();
        if percentages.len() >= 3 {
            return;
        }
    }
    panic!("no percentages");
}

//! Kernels that begin with a minus sign, which look like options.

use std::ffi::OsString;

use hoodoo::lang::parse::parse;

/// The subcommands that take a kernel.
const WITH_KERNEL: [&str; 3] = ["run", "check", "emit"];

/// The arguments with a space before each one that is a kernel and begins with a minus sign: so it is no option.
pub fn told_apart(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut all: Vec<OsString> = arguments.collect();
    if all.get(1).is_none_or(|command| !WITH_KERNEL.iter().any(|name| command == name)) {
        return all;
    }
    for argument in &mut all[2..] {
        if argument == "--" {
            break;
        }
        if argument.to_str().is_some_and(is_kernel) {
            let mut spaced = OsString::from(" ");
            spaced.push(&argument);
            *argument = spaced;
        }
    }
    all
}

/// Whether an argument that begins with a minus sign can only be meant as a kernel: it is an expression, and more than an
/// option or a number.
fn is_kernel(argument: &str) -> bool {
    let expression = argument.strip_prefix('-').is_some_and(|rest| !rest.starts_with('-'));
    expression && argument.contains(['(', '[', ' ']) && parse(argument).is_ok()
}

/// The kernel as it was written.
pub fn as_written(kernel: &str) -> &str {
    kernel.strip_prefix(' ').filter(|rest| rest.starts_with('-')).unwrap_or(kernel)
}

#[cfg(test)]
mod tests {
    use super::{as_written, told_apart};

    #[test]
    fn kernels_are_not_options() {
        for kernel in ["-min(w)", "-2 ** 2 + w[0]", "-offset(0)", "-w[0, 0]"] {
            let spaced = format!(" {kernel}");
            let told = told_apart(["hoodoo", "run", "-q", kernel, "-o", "a.png"].map(Into::into).into_iter());
            assert_eq!(told[3], spaced.as_str());
            assert_eq!(as_written(&spaced), kernel);
        }
        for other in ["-q", "-1", "-0.5", "-oa.png", "-ofile (1).png", "--size", "-x.png", "--min(w)"] {
            let told = told_apart(["hoodoo", "run", other].map(Into::into).into_iter());
            assert_eq!(told[2], other);
        }
        assert_eq!(told_apart(["hoodoo", "repl", "-min(w)"].map(Into::into).into_iter())[2], "-min(w)");
    }
}

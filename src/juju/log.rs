//! What a hook logs. Juju reads a hook's standard output into its log at level DEBUG and its standard error at level
//! WARNING, at no cost; an entry through juju-log costs a process, so only the error that fails a hook takes that way.

use std::io::Write as _;

use env_logger::{Builder, Logger, Target};
use log::{Level, LevelFilter, Log, Metadata, Record};

/// Who reads the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// Juju: warnings and errors from standard error, the rest from standard output.
    Juju,
    /// A person or a script, who expects results on standard output: the log is on standard error.
    Person,
}

struct ToJuju {
    output: Logger,
    error: Logger,
}

impl ToJuju {
    fn of(&self, metadata: &Metadata<'_>) -> &Logger {
        if metadata.level() <= Level::Warn { &self.error } else { &self.output }
    }
}

impl Log for ToJuju {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.of(metadata).enabled(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        self.of(record.metadata()).log(record);
    }

    fn flush(&self) {
        self.output.flush();
        self.error.flush();
    }
}

/// Starts logging at level INFO.
pub fn start(reader: Reader) {
    let logger: Box<dyn Log> = match reader {
        Reader::Juju => Box::new(ToJuju { output: logger(Target::Stdout), error: logger(Target::Stderr) }),
        Reader::Person => Box::new(logger(Target::Stderr)),
    };
    if log::set_boxed_logger(logger).is_ok() {
        log::set_max_level(LevelFilter::Info);
    }
}

fn logger(target: Target) -> Logger {
    Builder::new()
        .filter_level(LevelFilter::Trace)
        .target(target)
        .format(|line, record| {
            writeln!(line, "{}: {}", record.level().as_str().to_lowercase(), record.args())
        })
        .build()
}

/// Changes the level.
pub fn set_level(level: LevelFilter) {
    log::set_max_level(level);
}

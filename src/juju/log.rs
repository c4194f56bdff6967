//! What a hook logs. Juju reads a hook's standard output into its log at level DEBUG and its standard error at level
//! WARNING, at no cost; an entry through juju-log costs a process, so only the error that fails a hook takes that way.

use env_logger::{Builder, Target};
use log::{Level, LevelFilter, Log, Metadata, Record};

/// Warnings and errors to standard error, the rest to standard output.
struct ToJuju {
    output: env_logger::Logger,
    error: env_logger::Logger,
}

impl ToJuju {
    fn of(&self, metadata: &Metadata<'_>) -> &env_logger::Logger {
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
pub fn start() {
    let logger = |target| {
        Builder::new()
            .filter_level(LevelFilter::Trace)
            .target(target)
            .format(|line, record| {
                use std::io::Write;
                writeln!(line, "{}: {}", record.level().as_str().to_lowercase(), record.args())
            })
            .build()
    };
    let to_juju = ToJuju { output: logger(Target::Stdout), error: logger(Target::Stderr) };
    if log::set_boxed_logger(Box::new(to_juju)).is_ok() {
        log::set_max_level(LevelFilter::Info);
    }
}

/// Changes the level.
pub fn set_level(level: LevelFilter) {
    log::set_max_level(level);
}

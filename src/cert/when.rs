use std::time::SystemTime;

use time::OffsetDateTime;

/// The time by the machine's clock.
pub fn now() -> OffsetDateTime {
    SystemTime::now().into()
}

/// `2027-01-30T12:00:00Z`
pub fn rfc_3339(time: OffsetDateTime) -> String {
    let (date, time) = (time.date(), time.time());
    let (hour, minute, second) = time.as_hms();
    format!(
        "{:04}-{:02}-{:02}T{hour:02}:{minute:02}:{second:02}Z",
        date.year(),
        u8::from(date.month()),
        date.day()
    )
}

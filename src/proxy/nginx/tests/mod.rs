//! What is tested against nginx itself, or across the files of this room.

mod faults;
mod served;
mod stage;
mod texts;
mod upstream;

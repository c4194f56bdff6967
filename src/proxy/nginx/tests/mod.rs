//! What is tested against nginx itself, or across the files of this room.

mod texts;

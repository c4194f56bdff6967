use std::rc::Rc;

/// A piece of a document.
#[derive(Debug)]
pub(super) struct Node {
    /// Counted from 0.
    pub(super) line: usize,
    pub(super) content: Content,
}

#[derive(Debug)]
pub(super) enum Content {
    Scalar {
        text: String,
        /// As written out in full, empty without one.
        tag: String,
        /// Plain, so that it may be something else than a string.
        implicit: bool,
    },
    Sequence(Vec<Rc<Node>>),
    Mapping(Vec<(Rc<Node>, Rc<Node>)>),
    /// Another node, or None for one that is still open: it contains itself.
    Alias {
        name: String,
        node: Option<Rc<Node>>,
        is_mapping: bool,
        target_line: usize,
    },
}

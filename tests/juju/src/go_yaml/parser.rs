use std::collections::HashMap;
use std::rc::Rc;

use super::node::{Content, Node};
use super::problem::Problem;
use super::scanner::Scanner;
use super::token::{Token, TokenKind};

const YAML_TAGS: &str = "tag:yaml.org,2002:";

/// Tokens put together to the tree of the first document.
#[derive(Debug)]
pub(super) struct Parser {
    scanner: Scanner,
    anchors: HashMap<String, Anchored>,
    handles: HashMap<String, String>,
}

/// What an anchor names.
#[derive(Debug, Clone)]
enum Anchored {
    Node(Rc<Node>),
    /// A collection that isn't closed yet.
    Open {
        is_mapping: bool,
        line: usize,
    },
}

/// What stands before a node's content.
#[derive(Debug, Default)]
struct Properties {
    anchor: Option<String>,
    tag: String,
    /// The line on which the node begins.
    line: usize,
}

/// Where a node stands: this decides which content it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Block,
    /// In a block mapping a list may stand as far left as its key.
    BlockMapping,
    Flow,
}

impl Parser {
    pub(super) fn new(bytes: &[u8]) -> Result<Self, Problem> {
        let handles = [("!", "!"), ("!!", YAML_TAGS)].map(|(handle, prefix)| (handle.into(), prefix.into()));
        Ok(Self { scanner: Scanner::new(bytes)?, anchors: HashMap::new(), handles: handles.into() })
    }

    /// The first document, none if there isn't any.
    pub(super) fn document(&mut self) -> Result<Option<Rc<Node>>, Problem> {
        let token = self.peek()?;
        if token.kind == TokenKind::StreamEnd {
            return Ok(None);
        }
        let explicit = matches!(
            token.kind,
            TokenKind::Version { .. } | TokenKind::TagDirective { .. } | TokenKind::DocumentStart
        );
        if explicit {
            self.directives()?;
            let token = self.peek()?;
            if token.kind != TokenKind::DocumentStart {
                return Err(Problem::parsing(token.line, 0, "did not find expected <document start>"));
            }
            self.scanner.skip();
        }
        let token = self.peek()?;
        let ends = matches!(
            token.kind,
            TokenKind::Version { .. }
                | TokenKind::TagDirective { .. }
                | TokenKind::DocumentStart
                | TokenKind::DocumentEnd
                | TokenKind::StreamEnd
        );
        let node = if explicit && ends { empty(token.line) } else { self.node(Place::Block)? };
        self.peek()?;
        Ok(Some(node))
    }

    fn peek(&mut self) -> Result<Token, Problem> {
        self.scanner.peek().cloned()
    }

    /// The next token's kind, compared without a copy.
    fn is_next(&mut self, kinds: &[TokenKind]) -> Result<bool, Problem> {
        let next = &self.scanner.peek()?.kind;
        Ok(kinds.contains(next))
    }

    fn directives(&mut self) -> Result<(), Problem> {
        let mut versioned = false;
        let mut declared = Vec::new();
        loop {
            let token = self.peek()?;
            match token.kind {
                TokenKind::Version { .. } if versioned => {
                    return Err(Problem::parsing(token.line, 0, "found duplicate %YAML directive"));
                }
                TokenKind::Version { major: 1, minor: 1 } => versioned = true,
                TokenKind::Version { .. } => {
                    return Err(Problem::parsing(token.line, 0, "found incompatible YAML document"));
                }
                TokenKind::TagDirective { handle, prefix } => {
                    if declared.contains(&handle) {
                        return Err(Problem::parsing(token.line, 0, "found duplicate %TAG directive"));
                    }
                    declared.push(handle.clone());
                    self.handles.insert(handle, prefix);
                }
                _ => return Ok(()),
            }
            self.scanner.skip();
        }
    }

    fn node(&mut self, place: Place) -> Result<Rc<Node>, Problem> {
        let token = self.peek()?;
        if let TokenKind::Alias(name) = token.kind {
            self.scanner.skip();
            return self.alias(name, token.line);
        }
        let Properties { anchor, tag, line } = self.properties()?;
        let token = self.peek()?;
        let is_mapping = matches!(token.kind, TokenKind::FlowMapping | TokenKind::BlockMapping);
        if let Some(anchor) = &anchor {
            self.anchors.insert(anchor.clone(), Anchored::Open { is_mapping, line });
        }
        let content = match token.kind {
            TokenKind::BlockEntry if place == Place::BlockMapping => self.indentless_sequence()?,
            TokenKind::Scalar { text, plain } => {
                self.scanner.skip();
                let implicit = tag.is_empty() && plain || tag == "!";
                Content::Scalar { text, tag, implicit }
            }
            TokenKind::FlowSequence => self.flow_sequence()?,
            TokenKind::FlowMapping => self.flow_mapping()?,
            TokenKind::BlockSequence if place != Place::Flow => self.block_sequence()?,
            TokenKind::BlockMapping if place != Place::Flow => self.block_mapping()?,
            _ if anchor.is_some() || !tag.is_empty() => {
                let implicit = tag.is_empty();
                Content::Scalar { text: String::new(), tag, implicit }
            }
            _ => return Err(Problem::parsing(token.line, line, "did not find expected node content")),
        };
        let node = Rc::new(Node { line, content });
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, Anchored::Node(node.clone()));
        }
        Ok(node)
    }

    fn alias(&mut self, name: String, line: usize) -> Result<Rc<Node>, Problem> {
        let (node, is_mapping, target_line) = match self.anchors.get(&name) {
            Some(Anchored::Node(node)) => {
                (Some(node.clone()), matches!(node.content, Content::Mapping(_)), node.line)
            }
            Some(Anchored::Open { is_mapping, line }) => (None, *is_mapping, *line),
            None => return Err(Problem::nowhere(format!("unknown anchor '{name}' referenced"))),
        };
        Ok(Rc::new(Node { line, content: Content::Alias { name, node, is_mapping, target_line } }))
    }

    /// An anchor and a tag, in any order, each optional.
    fn properties(&mut self) -> Result<Properties, Problem> {
        let first = self.peek()?;
        let (mut anchor, mut tag) = (None, None);
        loop {
            let token = self.peek()?;
            match token.kind {
                TokenKind::Anchor(name) if anchor.is_none() => anchor = Some(name),
                TokenKind::Tag { handle, suffix } if tag.is_none() => {
                    tag = Some((handle, suffix, token.line));
                }
                _ => break,
            }
            self.scanner.skip();
        }
        let tag = match tag {
            None => String::new(),
            Some((handle, suffix, _)) if handle.is_empty() => suffix,
            Some((handle, suffix, line)) => match self.handles.get(&handle) {
                Some(prefix) => format!("{prefix}{suffix}"),
                None => return Err(Problem::parsing(line, first.line, "found undefined tag handle")),
            },
        };
        Ok(Properties { anchor, tag, line: first.line })
    }

    /// A node, or nothing at all before one of these.
    fn node_or_empty(&mut self, place: Place, ends: &[TokenKind]) -> Result<Rc<Node>, Problem> {
        if self.is_next(ends)? { Ok(empty(self.peek()?.line)) } else { self.node(place) }
    }

    fn block_sequence(&mut self) -> Result<Content, Problem> {
        let began = self.peek()?.line;
        self.scanner.skip();
        let mut items = Vec::new();
        loop {
            let token = self.peek()?;
            self.scanner_skip_if(&[TokenKind::BlockEntry, TokenKind::BlockEnd])?;
            match token.kind {
                TokenKind::BlockEntry => {
                    let ends = [TokenKind::BlockEntry, TokenKind::BlockEnd];
                    items.push(self.node_or_empty(Place::Block, &ends)?);
                }
                TokenKind::BlockEnd => return Ok(Content::Sequence(items)),
                _ => return Err(Problem::parsing(token.line, began, "did not find expected '-' indicator")),
            }
        }
    }

    fn scanner_skip_if(&mut self, kinds: &[TokenKind]) -> Result<(), Problem> {
        if self.is_next(kinds)? {
            self.scanner.skip();
        }
        Ok(())
    }

    fn indentless_sequence(&mut self) -> Result<Content, Problem> {
        let mut items = Vec::new();
        while self.is_next(&[TokenKind::BlockEntry])? {
            self.scanner.skip();
            let ends = [TokenKind::BlockEntry, TokenKind::Key, TokenKind::Value, TokenKind::BlockEnd];
            items.push(self.node_or_empty(Place::Block, &ends)?);
        }
        Ok(Content::Sequence(items))
    }

    fn block_mapping(&mut self) -> Result<Content, Problem> {
        let began = self.peek()?.line;
        self.scanner.skip();
        let ends = [TokenKind::Key, TokenKind::Value, TokenKind::BlockEnd];
        let mut pairs = Vec::new();
        loop {
            let token = self.peek()?;
            match token.kind {
                TokenKind::Key => {}
                TokenKind::BlockEnd => {
                    self.scanner.skip();
                    return Ok(Content::Mapping(pairs));
                }
                _ => return Err(Problem::parsing(token.line, began, "did not find expected key")),
            }
            self.scanner.skip();
            let key = self.node_or_empty(Place::BlockMapping, &ends)?;
            let value = if self.is_next(&[TokenKind::Value])? {
                self.scanner.skip();
                self.node_or_empty(Place::BlockMapping, &ends)?
            } else {
                empty(self.peek()?.line)
            };
            pairs.push((key, value));
        }
    }

    /// Before an entry of a flow collection: its end, or a comma unless it is the first. True at the end.
    fn flow_ends(&mut self, first: bool, began: usize, end: &TokenKind) -> Result<bool, Problem> {
        let sign = if *end == TokenKind::FlowMappingEnd { '}' } else { ']' };
        if !first && !self.is_next(std::slice::from_ref(end))? {
            let token = self.peek()?;
            if token.kind != TokenKind::FlowEntry {
                let what = format!("did not find expected ',' or '{sign}'");
                return Err(Problem::parsing(token.line, began, what));
            }
            self.scanner.skip();
        }
        let ended = self.is_next(std::slice::from_ref(end))?;
        if ended {
            self.scanner.skip();
        }
        Ok(ended)
    }

    fn flow_sequence(&mut self) -> Result<Content, Problem> {
        let began = self.peek()?.line;
        self.scanner.skip();
        let mut items = Vec::new();
        while !self.flow_ends(items.is_empty(), began, &TokenKind::FlowSequenceEnd)? {
            let token = self.peek()?;
            if token.kind != TokenKind::Key {
                items.push(self.node(Place::Flow)?);
                continue;
            }
            // A pair in a list is a mapping of its own.
            self.scanner.skip();
            let ends = [TokenKind::Value, TokenKind::FlowEntry, TokenKind::FlowSequenceEnd];
            let key = if self.is_next(&ends)? {
                // Where no key stands, yaml.v2 loses what stands there.
                let lost = empty(self.peek()?.line);
                self.scanner.skip();
                lost
            } else {
                self.node(Place::Flow)?
            };
            let value = self.flow_value(&ends[1..])?;
            items.push(Rc::new(Node { line: token.line, content: Content::Mapping(vec![(key, value)]) }));
        }
        Ok(Content::Sequence(items))
    }

    fn flow_mapping(&mut self) -> Result<Content, Problem> {
        let began = self.peek()?.line;
        self.scanner.skip();
        let mut pairs = Vec::new();
        while !self.flow_ends(pairs.is_empty(), began, &TokenKind::FlowMappingEnd)? {
            let ends = [TokenKind::Value, TokenKind::FlowEntry, TokenKind::FlowMappingEnd];
            if self.is_next(&[TokenKind::Key])? {
                self.scanner.skip();
                let key = self.node_or_empty(Place::Flow, &ends)?;
                let value = self.flow_value(&ends[1..])?;
                pairs.push((key, value));
            } else {
                let key = self.node(Place::Flow)?;
                pairs.push((key, empty(self.peek()?.line)));
            }
        }
        Ok(Content::Mapping(pairs))
    }

    fn flow_value(&mut self, ends: &[TokenKind]) -> Result<Rc<Node>, Problem> {
        if self.is_next(&[TokenKind::Value])? {
            self.scanner.skip();
            self.node_or_empty(Place::Flow, ends)
        } else {
            Ok(empty(self.peek()?.line))
        }
    }
}

/// Where nothing stands there is a null.
fn empty(line: usize) -> Rc<Node> {
    Rc::new(Node {
        line,
        content: Content::Scalar { text: String::new(), tag: String::new(), implicit: true },
    })
}

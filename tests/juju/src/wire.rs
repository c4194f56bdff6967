//! What a hook tool and the model say to each other over the socket: one request, one answer,
//! each a list of length-prefixed fields. Only the standard library, since the tool must start fast.

use std::io::{self, Read, Write};

/// One call of a hook tool.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// `JUJU_CONTEXT_ID` as the tool found it.
    pub context_id: String,
    /// The tool's working directory.
    pub cwd: String,
    /// The tool's name and its arguments.
    pub argv: Vec<String>,
    /// Standard input, if the tool reads it.
    pub stdin: Vec<u8>,
}

/// What the tool prints and how it exits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// The exit code.
    pub exit: u8,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
}

impl Request {
    /// Write the request.
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let mut message = Vec::new();
        put(&mut message, self.context_id.as_bytes())?;
        put(&mut message, self.cwd.as_bytes())?;
        put(&mut message, &self.stdin)?;
        put_length(&mut message, self.argv.len())?;
        for arg in &self.argv {
            put(&mut message, arg.as_bytes())?;
        }
        to.write_all(&message)
    }

    /// Read a request.
    pub fn read(from: &mut impl Read) -> io::Result<Self> {
        let context_id = take_text(from)?;
        let cwd = take_text(from)?;
        let stdin = take(from)?;
        let argv = (0..take_length(from)?).map(|_| take_text(from)).collect::<io::Result<_>>()?;
        Ok(Self { context_id, cwd, argv, stdin })
    }
}

impl Answer {
    /// Write the answer.
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let mut message = vec![self.exit];
        put(&mut message, &self.stdout)?;
        put(&mut message, &self.stderr)?;
        to.write_all(&message)
    }

    /// Read an answer.
    pub fn read(from: &mut impl Read) -> io::Result<Self> {
        let mut exit = [0];
        from.read_exact(&mut exit)?;
        Ok(Self { exit: exit[0], stdout: take(from)?, stderr: take(from)? })
    }
}

fn put_length(to: &mut Vec<u8>, length: usize) -> io::Result<()> {
    let length = u32::try_from(length).map_err(io::Error::other)?;
    to.extend_from_slice(&length.to_le_bytes());
    Ok(())
}

fn put(to: &mut Vec<u8>, field: &[u8]) -> io::Result<()> {
    put_length(to, field.len())?;
    to.extend_from_slice(field);
    Ok(())
}

fn take_length(from: &mut impl Read) -> io::Result<u32> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    Ok(u32::from_le_bytes(length))
}

fn take(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let length = take_length(from)?;
    let mut field = Vec::new();
    from.take(length.into()).read_to_end(&mut field)?;
    if field.len() as u64 == u64::from(length) { Ok(field) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

fn take_text(from: &mut impl Read) -> io::Result<String> {
    Ok(String::from_utf8_lossy(&take(from)?).into_owned())
}

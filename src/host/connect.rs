use std::io;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::Host;

impl Host {
    /// Whether somebody at an address takes a connection over TCP; it is closed at once.
    pub fn connect(&self, address: SocketAddr, limit: Duration) -> io::Result<()> {
        TcpStream::connect_timeout(&address, limit).map(drop)
    }
}

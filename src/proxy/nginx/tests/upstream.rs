use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::spawn;

/// Serves until the tests end: answers each request with its own head as the body, and a websocket's upgrade with one,
/// after which it sends back what it gets.
pub(super) fn upstream() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    spawn(move || {
        for stream in listener.incoming().flatten() {
            spawn(move || serve(&stream));
        }
    });
    address
}

fn serve(stream: &TcpStream) -> std::io::Result<()> {
    let (mut reader, mut writer) = (BufReader::new(stream), stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head)? == 0 {
                return Ok(());
            }
        }
        if head.contains("\r\nUpgrade: websocket\r\n") && head.contains("\r\nConnection: upgrade\r\n") {
            writer.write_all(
                b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
            )?;
            std::io::copy(&mut reader, &mut writer)?;
            return Ok(());
        }
        let length = head.len();
        write!(
            writer,
            "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nStrict-Transport-Security: theirs\r\n\r\n{head}"
        )?;
    }
}

use std::path::PathBuf;

use super::{Host, ProcessId};

impl Host {
    /// The processes that listen on a TCP port, whatever the address, lowest first; those of other users only if we
    /// are root.
    pub fn listeners(&self, port: u16) -> Vec<ProcessId> {
        let table = |name: &str| self.read(&PathBuf::from("/proc/net").join(name)).ok().flatten();
        let sockets: Vec<String> = ["tcp", "tcp6"]
            .into_iter()
            .filter_map(table)
            .flat_map(|table| listening(&String::from_utf8_lossy(&table), port))
            .map(|inode| format!("socket:[{inode}]"))
            .collect();
        let mut processes: Vec<ProcessId> = self.processes();
        processes.retain(|process| self.has_open(*process, &sockets));
        processes
    }

    /// The name of the program that a process runs, at most 15 bytes of it; nothing if it has ended.
    pub fn program_name(&self, process: ProcessId) -> Option<String> {
        let name = self.read(&PathBuf::from(format!("/proc/{process}/comm"))).ok()??;
        Some(String::from_utf8_lossy(&name).trim_end().to_owned())
    }

    fn processes(&self) -> Vec<ProcessId> {
        let names = self.list(&PathBuf::from("/proc")).unwrap_or_default();
        let mut processes: Vec<ProcessId> = names.iter().filter_map(|name| name.parse().ok()).collect();
        processes.sort_unstable();
        processes
    }

    fn has_open(&self, process: ProcessId, sockets: &[String]) -> bool {
        let folder = PathBuf::from(format!("/proc/{process}/fd"));
        let is_one = |name: &String| {
            let target = self.link_target(&folder.join(name)).ok().flatten().unwrap_or_default();
            sockets.iter().any(|socket| target.as_os_str() == socket.as_str())
        };
        !sockets.is_empty() && self.list(&folder).unwrap_or_default().iter().any(is_one)
    }
}

/// The inodes of the sockets that listen on a port, in the kernel's table of TCP sockets.
fn listening(table: &str, port: u16) -> Vec<String> {
    const LISTEN: &str = "0A";
    let inode = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (_, local) = fields.get(1)?.rsplit_once(':')?;
        let is_one = u16::from_str_radix(local, 16) == Ok(port) && *fields.get(3)? == LISTEN;
        is_one.then(|| fields.get(9).map(ToString::to_string)).flatten()
    };
    table.lines().filter_map(inode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn sockets_that_listen_are_found_in_the_kernels_table() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 17 1 0 100 0 0 10 0
   1: 0100007F:0050 0100007F:9C40 01 00000000:00000000 00:00000000 00000000    33        0 18 1 0 20 4 30 10 -1
   2: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 19 1 0 100";
        assert_eq!(listening(table, 80), ["17", "19"]);
        assert!(listening(table, 81).is_empty());
        assert!(listening("", 80).is_empty());
    }

    #[test]
    fn who_listens_is_found_and_who_is_connected_is_not() {
        let host = Host::new("/", "");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let _visitor = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let us = std::process::id();
        // A process that another test is just starting has for a moment all that we have.
        assert!(host.listeners(port).contains(&us));
        assert!(host.program_name(us).is_some());
        drop(listener);
        assert!(!host.listeners(port).contains(&us));
    }
}

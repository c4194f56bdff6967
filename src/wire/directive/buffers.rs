//! How the buffers of a location must fit together: nginx refuses the configuration of all sites for one misfit.

use std::sync::LazyLock;

use super::{Directive, argument};
use crate::wire::Reason;

/// What counts where nothing is asked for. nginx's own defaults depend on the machine's pages, and one slow reader may
/// keep a gigabyte on the disk.
pub(super) const DEFAULTS: [&str; 3] =
    ["proxy_buffer_size 4k", "proxy_buffers 8 4k", "proxy_max_temp_file_size 16m"];

/// The same, read once for all requests.
static READ: LazyLock<Vec<Directive>> =
    LazyLock::new(|| DEFAULTS.iter().filter_map(|text| text.parse().ok()).collect());

/// Whether nginx takes these directives together.
pub(in crate::wire) fn check(directives: &[Directive]) -> Result<(), Reason> {
    let find = |name: &str| directives.iter().chain(&*READ).find(|directive| directive.name == name);
    let number = |name: &str, index: usize| {
        let argument = find(name).and_then(|directive| directive.arguments.get(index));
        argument.and_then(|argument| argument::bytes(argument))
    };
    let number_or_none = |name, index| number(name, index).unwrap_or_default();

    let (count, each) = (number_or_none("proxy_buffers", 0), number_or_none("proxy_buffers", 1));
    let largest = number_or_none("proxy_buffer_size", 0).max(each);
    let busy = number("proxy_busy_buffers_size", 0).unwrap_or(2 * largest);
    let disk = number_or_none("proxy_max_temp_file_size", 0);
    let refuse = |rule: &str| Err(Reason::new(rule));
    if busy < largest {
        return refuse("proxy_busy_buffers_size is less than proxy_buffer_size or one of proxy_buffers");
    }
    if busy > (count - 1) * each {
        return refuse(
            "proxy_busy_buffers_size (by itself twice the larger of proxy_buffer_size and one of proxy_buffers) is more than all proxy_buffers but one",
        );
    }
    if disk != 0 && disk < largest {
        return refuse("proxy_max_temp_file_size is less than proxy_buffer_size or one of proxy_buffers");
    }
    Ok(())
}

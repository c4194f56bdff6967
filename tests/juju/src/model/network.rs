/// The one interface of a unit's machine, as `network-get` has it for a binding.
#[derive(Debug, Clone)]
pub(crate) struct Network {
    pub(crate) mac: String,
    pub(crate) interface: String,
    pub(crate) address: String,
    pub(crate) cidr: String,
    pub(crate) egress: Vec<String>,
    pub(crate) ingress: Vec<String>,
}

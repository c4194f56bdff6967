//! A Juju in one process, for tests of charms.

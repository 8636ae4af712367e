//! Amounts of what pods need, with their units.

use std::ops::{Add, Mul};

use crate::k8s::thousandths;

/// What pods need, and nodes have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// In cores.
    Cpu,
    /// In bytes.
    Memory,
    /// One for each.
    Pods,
    /// Volumes, in bytes.
    Storage,
}

impl Resource {
    /// The word for it.
    pub fn noun(self) -> &'static str {
        match self {
            Resource::Cpu => "CPU",
            Resource::Memory => "memory",
            Resource::Pods => "pods",
            Resource::Storage => "storage",
        }
    }

    /// The amount that a quantity of Kubernetes says; none for one too large.
    pub fn amount(self, quantity: &str) -> Option<Amount> {
        Some(Amount { resource: self, thousandths: thousandths(quantity)? })
    }

    /// So many thousandths of cores, bytes or pods.
    pub fn of_thousandths(self, thousandths: u128) -> Amount {
        Amount { resource: self, thousandths }
    }

    /// So many whole ones: cores, bytes or pods.
    pub fn whole(self, number: u32) -> Amount {
        Amount { resource: self, thousandths: u128::from(number) * 1000 }
    }

    /// Nothing of it.
    pub fn none(self) -> Amount {
        self.whole(0)
    }
}

/// So much of a resource. Amounts of different resources are never put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount {
    resource: Resource,
    /// Of cores, bytes or pods.
    thousandths: u128,
}

impl Amount {
    /// In thousandths of cores, bytes or pods.
    pub fn thousandths(self) -> u128 {
        self.thousandths
    }

    /// What is left of it without another; nothing where that is more.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        debug_assert_eq!(self.resource, other.resource);
        Self { thousandths: self.thousandths.saturating_sub(other.thousandths), ..self }
    }
}

impl Add for Amount {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        debug_assert_eq!(self.resource, other.resource);
        Self { thousandths: self.thousandths.saturating_add(other.thousandths), ..self }
    }
}

impl Mul<u32> for Amount {
    type Output = Self;

    fn mul(self, times: u32) -> Self {
        Self { thousandths: self.thousandths.saturating_mul(times.into()), ..self }
    }
}

/// In the unit that people read, rounded up: `5.5 cores`, `6656 MiB`, `3 pods`.
impl std::fmt::Display for Amount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (whole, rest) = (self.thousandths / 1000, self.thousandths % 1000);
        let (number, unit) = match self.resource {
            Resource::Memory | Resource::Storage => {
                (self.thousandths.div_ceil(1000 * 1024 * 1024).to_string(), "MiB")
            }
            _ if rest == 0 => (whole.to_string(), self.count_noun()),
            _ => (format!("{whole}.{rest:03}").trim_end_matches('0').to_owned(), self.count_noun()),
        };
        write!(f, "{number} {unit}")
    }
}

impl Amount {
    fn count_noun(self) -> &'static str {
        match (self.resource, self.thousandths) {
            (Resource::Pods, 1000) => "pod",
            (Resource::Pods, _) => "pods",
            (_, 1000) => "core",
            _ => "cores",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Resource::{Cpu, Memory, Pods};

    #[test]
    fn amounts_are_added_multiplied_and_said() {
        let half = Cpu.amount("500m").unwrap();
        assert_eq!((half * 11).to_string(), "5.5 cores");
        assert_eq!((half + half).to_string(), "1 core");
        assert_eq!(half.without(half * 2), Cpu.none());
        assert_eq!((Memory.amount("1Gi").unwrap() + Memory.amount("1").unwrap()).to_string(), "1025 MiB");
        assert_eq!((Pods.whole(1).to_string(), Pods.whole(2).to_string()), ("1 pod".into(), "2 pods".into()));
    }
}

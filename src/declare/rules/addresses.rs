//! [`Code::InvalidValue`] for ranges of addresses: what a pattern cannot see.

use std::net::IpAddr;

use super::Facts;
use crate::diag::{Code, Diagnostic, Sink};

pub(super) fn check(facts: &Facts<'_>, sink: &mut Sink) {
    let stores = facts.declared.stores.values().flat_map(|store| &store.value().external.cidrs);
    let api_server =
        facts.declared.cluster.value().api_server.iter().flat_map(|server| &server.value().cidrs);
    let kind = facts.declared.cluster.value().kind.value();
    let of_kind = kind.pod_cidrs.iter().chain(&kind.service_cidrs);
    for cidr in stores.chain(api_server).chain(of_kind) {
        let Some(at) = facts.place(cidr) else { continue };
        let text = cidr.value().as_str();
        let wrong = match network(text) {
            None => "not an address, a slash and the length of its prefix".to_owned(),
            Some(network) if network != text => {
                format!("has bits beyond its prefix; the range is `{network}`")
            }
            Some(_) => continue,
        };
        let title = format!("`{text}` is not a range of addresses");
        sink.push(Diagnostic::error(Code::InvalidValue, title).at(at, wrong));
    }
}

/// The range in the form that the API server keeps: canonical, without bits beyond the prefix.
fn network(text: &str) -> Option<String> {
    let (address, length) = text.split_once('/')?;
    let length: u32 = length.parse().ok()?;
    let address = match address.parse().ok()? {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32_u32.checked_sub(length)?).unwrap_or(0);
            IpAddr::V4((v4.to_bits() & mask).into())
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128_u32.checked_sub(length)?).unwrap_or(0);
            IpAddr::V6((v6.to_bits() & mask).into())
        }
    };
    Some(format!("{address}/{length}"))
}

#[cfg(test)]
mod tests {
    use super::network;

    #[test]
    fn ranges_are_canonical() {
        assert_eq!(network("10.1.2.3/8").as_deref(), Some("10.0.0.0/8"));
        assert_eq!(network("10.1.2.3/32").as_deref(), Some("10.1.2.3/32"));
        assert_eq!(network("0.0.0.0/0").as_deref(), Some("0.0.0.0/0"));
        assert_eq!(network("fd00::1/64").as_deref(), Some("fd00::/64"));
        assert_eq!(network("10.0.0.0/33"), None);
        assert_eq!(network(":::::/64"), None);
    }
}

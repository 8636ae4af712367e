//! Whether pods fit on nodes: not only in the sum, but each of them somewhere.

/// Cores, bytes and pods, each in thousandths.
pub type Vector = [u128; 3];

/// A node, and what pods may still have of it.
#[derive(Clone, Debug)]
pub struct Node {
    /// The index of its pool.
    pub pool: usize,
    /// The index of its zone, among all zones; none where the pool names none.
    pub zone: Option<usize>,
    pub room: Vector,
}

/// Pods that are alike.
#[derive(Clone, Debug)]
pub struct Pods {
    pub count: u32,
    /// What one of them needs.
    pub each: Vector,
    /// The pools on whose nodes they may run.
    pub pools: Vec<usize>,
}

/// How a node is chosen among those that have room.
#[derive(Clone, Copy)]
enum Choice {
    /// The one that is left with the least.
    Fullest,
    /// The one that is left with the most, as the scheduler does unless told otherwise.
    Emptiest,
}

/// For each group of pods, how many of them find no node; none at all where one of two ways of placing them succeeds.
///
/// The largest pods are placed first, where the least is left (best fit decreasing), and if that fails where the most is
/// left. Neither is exact, as packing is not to be had exactly in short time; the scheduler, which takes pods as they
/// come and looks no further than the next, does no better than the better of the two.
pub fn unplaced(nodes: &[Node], pods: &[Pods]) -> Vec<u32> {
    let fullest = place(nodes, pods, Choice::Fullest);
    if fullest.iter().all(|left| *left == 0) {
        return fullest;
    }
    let emptiest = place(nodes, pods, Choice::Emptiest);
    let total = |left: &[u32]| left.iter().map(|left| u64::from(*left)).sum::<u64>();
    if total(&emptiest) < total(&fullest) { emptiest } else { fullest }
}

fn place(nodes: &[Node], pods: &[Pods], choice: Choice) -> Vec<u32> {
    let mut nodes = nodes.to_vec();
    let largest = largest(&nodes);
    let mut order: Vec<usize> = (0..pods.len()).collect();
    // Those with less choice come first, then the larger; the sort is stable, so that equal ones keep their order.
    order.sort_by_key(|index| {
        let Pods { each, pools, .. } = &pods[*index];
        (pools.len(), std::cmp::Reverse(share(each, &largest)))
    });
    let mut left = vec![0; pods.len()];
    for index in order {
        let Pods { count, each, pools } = &pods[index];
        for placed in 0..*count {
            let fits = |node: &Node| {
                pools.contains(&node.pool) && each.iter().zip(&node.room).all(|(each, room)| each <= room)
            };
            let after = |node: &Node| {
                let rest: Vector = std::array::from_fn(|at| node.room[at] - each[at]);
                share(&rest, &largest)
            };
            let with_room = nodes.iter_mut().filter(|node| fits(node));
            let chosen = match choice {
                Choice::Fullest => with_room.min_by_key(|node| after(node)),
                Choice::Emptiest => with_room.max_by_key(|node| after(node)),
            };
            let Some(node) = chosen else {
                // No room will come for those that are like it.
                left[index] = count - placed;
                break;
            };
            node.room.iter_mut().zip(each).for_each(|(room, each)| *room -= each);
        }
    }
    left
}

/// The most of each resource that any node has.
fn largest(nodes: &[Node]) -> Vector {
    let rooms = nodes.iter().map(|node| node.room);
    rooms.fold([0; 3], |largest, room| std::array::from_fn(|at| largest[at].max(room[at])))
}

/// The largest share of a resource of the largest node, in millionths.
fn share(amounts: &Vector, of: &Vector) -> u128 {
    let shares = amounts.iter().zip(of).map(|(amount, of)| amount.saturating_mul(1_000_000) / (*of).max(1));
    shares.max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(count: usize, cpu: u128) -> Vec<Node> {
        vec![Node { pool: 0, zone: None, room: [cpu, 100, 100] }; count]
    }

    fn pods(count: u32, cpu: u128) -> Pods {
        Pods { count, each: [cpu, 1, 1], pools: vec![0] }
    }

    #[test]
    fn the_sum_is_not_enough() {
        // Six of eight are there, in pieces of two.
        assert_eq!(unplaced(&nodes(4, 8), &[pods(4, 6), pods(1, 4)]), [0, 1]);
        assert_eq!(unplaced(&nodes(4, 8), &[pods(4, 6), pods(4, 2)]), [0, 0]);
        assert_eq!(unplaced(&nodes(2, 10), &[pods(2, 3), pods(2, 7)]), [0, 0]);
    }

    #[test]
    fn every_resource_and_the_pool_count() {
        let of_other = Pods { pools: vec![1], ..pods(1, 1) };
        assert_eq!(unplaced(&nodes(1, 8), &[of_other]), [1]);
        let heavy = Pods { each: [1, 60, 1], ..pods(3, 1) };
        assert_eq!(unplaced(&nodes(2, 8), &[heavy]), [1]);
        assert_eq!(unplaced(&[], &[pods(3, 1)]), [3]);
    }

    #[test]
    fn those_with_less_choice_come_first() {
        let two =
            [Node { pool: 0, zone: None, room: [4, 9, 9] }, Node { pool: 1, zone: None, room: [4, 9, 9] }];
        let anywhere = Pods { count: 1, each: [4, 1, 1], pools: vec![0, 1] };
        let there = Pods { count: 1, each: [1, 1, 1], pools: vec![0] };
        assert_eq!(unplaced(&two, &[anywhere, there]), [0, 0]);
    }
}

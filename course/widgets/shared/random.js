// Random numbers that a seed repeats, so that a widget shows the same figures to everybody who is told the seed.
// mulberry32: 32 bits of state, plenty for picking the digits of an example.

export function randomGenerator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 4294967296;
  };
}

export function randomInt(random, count) {
  return Math.floor(random() * count);
}

// Fisher–Yates; the items themselves stay as they are.
export function shuffled(random, items) {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = randomInt(random, last + 1);
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}

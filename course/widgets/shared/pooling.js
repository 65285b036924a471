// Pooling and unpooling of one plane, as solutions/unpooling.py computes them: equal to it bit for bit.
// A plane is an array of rows. Sizes are [height, width]; positions are row·W + column in the plane before padding.
// tests/course/widgets/golden.py writes the cases that hold this file to the reference.

// Copy each value over a scale × scale block.
export function nearestUnpool2d(x, scale) {
  return plane(
    x.length * scale,
    x[0].length * scale,
    (row, column) => x[Math.floor(row / scale)][Math.floor(column / scale)],
  );
}

// Put each value top left in its block, zeros elsewhere.
export function bedOfNails2d(x, scale) {
  return plane(x.length * scale, x[0].length * scale, (row, column) =>
    row % scale === 0 && column % scale === 0 ? x[row / scale][column / scale] : 0,
  );
}

// The rows and columns of the plane that a window covers; what lies in the padding is left out.
export function windowCells(row, column, size, { kernel, stride = kernel, padding = [0, 0] }) {
  const [top, left] = [row * stride[0] - padding[0], column * stride[1] - padding[1]];
  const cells = [];
  for (let r = Math.max(top, 0); r < Math.min(top + kernel[0], size[0]); r += 1) {
    for (let c = Math.max(left, 0); c < Math.min(left + kernel[1], size[1]); c += 1) {
      cells.push({ row: r, column: c });
    }
  }
  return cells; // in row-major order
}

// The maximum of each window and where it stood; of equal values the first in row-major order counts.
export function maxPool2dWithIndices(x, sizes) {
  const { kernel, stride = kernel, padding = [0, 0] } = sizes;
  const size = [x.length, x[0].length];
  const [height, width] = [0, 1].map(
    (side) => Math.floor((size[side] + 2 * padding[side] - kernel[side]) / stride[side]) + 1,
  );
  const winners = plane(height, width, (row, column) => {
    const [first, ...others] = windowCells(row, column, size, sizes);
    // `>` and not `>=`: a later equal does not win. NaN wins over every number, as in torch.
    return others.reduce(
      (best, cell) => (beats(x[cell.row][cell.column], x[best.row][best.column]) ? cell : best),
      first,
    );
  });
  return {
    values: winners.map((line) => line.map((cell) => x[cell.row][cell.column])),
    indices: winners.map((line) => line.map((cell) => cell.row * size[1] + cell.column)),
  };
}

function beats(value, best) {
  return value > best || (Number.isNaN(value) && !Number.isNaN(best));
}

// Put each value back at its position in a plane of zeros; a position that comes twice is assigned, not summed.
export function maxUnpool2d(x, indices, { kernel, stride = kernel, padding = [0, 0], outputSize = null }) {
  const [height, width] =
    outputSize ??
    [x.length, x[0].length].map((count, side) => (count - 1) * stride[side] - 2 * padding[side] + kernel[side]);
  const out = plane(height, width, () => 0);
  x.forEach((line, row) =>
    line.forEach((value, column) => {
      const index = indices[row][column];
      out[Math.floor(index / width)][index % width] = value;
    }),
  );
  return out;
}

// A plane filled by a function of row and column.
export function plane(height, width, value) {
  return Array.from({ length: height }, (_, row) => Array.from({ length: width }, (_, column) => value(row, column)));
}

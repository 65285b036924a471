// The transposed convolution as an ordinary one over an input with zeros: against golden numbers of torch, every bit, and
// against the stamps of the same settings.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { CHOICES, answerAt, begin, isAllowed } from "../../../course/widgets/transposed_convolution/core.js";
import {
  allGathered,
  beginGathering,
  canGuessGathered,
  gather,
  gathered,
  gatherScore,
  guessGathered,
  outputs,
  slide,
  stretch,
  stretching,
  termsAt,
  turned,
} from "../../../course/widgets/transposed_convolution/gather.js";

const golden = JSON.parse(readFileSync(new URL("./golden/conv_transpose2d.json", import.meta.url), "utf-8"));
const values = (stretched) => stretched.map((line) => line.map(({ value }) => value));
const settings = (some = {}) => ({ columns: 2, stride: 2, kernel: 3, padding: 0, outputPadding: 0, ...some });

function expectSame(got, wanted) {
  expect([got.length, got[0].length]).toEqual([wanted.length, wanted[0].length]);
  wanted.forEach((line, row) => line.forEach((value, column) => expect(got[row][column]).toBe(value)));
}

describe("zeros between, then a convolution", () => {
  test.each(golden)("$name", ({ x, weight, sizes, stretched, expected }) => {
    const kernel = [weight.length, weight[0].length];
    const made = values(stretch(x, { stride: [1, 1], ...sizes, kernel }));
    expectSame(made, stretched);
    expectSame(slide(made, turned(weight)), expected);
  });

  test("every position of the dials gives what the stamps give, from the same products", () => {
    for (const columns of CHOICES.columns)
      for (const stride of CHOICES.stride)
        for (const kernel of CHOICES.kernel)
          for (const padding of CHOICES.padding)
            for (const outputPadding of CHOICES.outputPadding) {
              const dials = { columns, stride, kernel, padding, outputPadding };
              if (!isAllowed(dials)) continue;
              const [stamps, zeros] = [begin(3, dials), beginGathering(3, dials)];
              zeros.output.forEach((line, row) =>
                line.forEach((value, column) => {
                  const at = [row + padding, column + padding];
                  expect(value).toBe(answerAt(stamps, ...at));
                  const products = stamps.terms[at[0]][at[1]].map(({ input, value: x, weight }) => [input, x, weight]);
                  expect(termsAt(zeros, row, column).map((term) => [term.input, term.value, term.weight])).toEqual(
                    products,
                  );
                }),
              );
            }
  });

  test("the kinds of cells, by hand", () => {
    const game = beginGathering(0, settings());
    const letters = { given: "x", between: "0", around: "." };
    expect(game.stretched.map((line) => line.map(({ kind }) => letters[kind]).join(""))).toEqual([
      ".......",
      ".......",
      "..x0x..",
      "..000..",
      "..x0x..",
      ".......",
      ".......",
    ]);
    expect(game.turned).toEqual([
      [0, 2, 1],
      [1, 2, 0],
      [2, 1, 3],
    ]);
    expect(game.output[0]).toEqual([3, 1, 8, 2, 4]); // the chapter's example
  });

  test("says how many zeros there are", () => {
    expect(stretching(settings())).toBe("One zero between neighbours, 2 around.");
    expect(stretching(settings({ stride: 1, padding: 2 }))).toBe("No zero between neighbours, none around.");
    expect(stretching(settings({ stride: 3, padding: 1, outputPadding: 2 }))).toBe(
      "2 zeros between neighbours, 1 around, and 2 more below and at the right.",
    );
    expect(stretching(settings({ kernel: 2, padding: 2 }))).toBe(
      "One zero between neighbours, padding 2 cuts 1 off each edge.",
    );
  });
});

describe("the window's way", () => {
  test("gathers output by output, and writes the sum", () => {
    let game = beginGathering(0, settings());
    game = guessGathered(guessGathered(game, 0, 2, 8), 0, 3, 9);
    let sentence;
    for (let at = 0; at < 3; at += 1) ({ game, sentence } = gather(game, 1));
    expect(sentence).toBe("out[0,2] = 1·2 + 2·3 = 8. Of its 9 cells the window meets 2 inputs; the rest are zeros.");
    expect(gathered(game, 0, 0)).toContain("meets one input");
    game = gather(game, -1).game;
    expect(game.done).toBe(2);
    expect(canGuessGathered(game, 0, 2)).toBe(false); // it was seen
    expect(guessGathered(game, 0, 2, 5)).toBe(game);
    ({ game, sentence } = gather(game, Infinity));
    expect(allGathered(game)).toBe(true);
    expect(game.done).toBe(outputs(game));
    expect(sentence).toBe(
      "All 25 outputs are there. 1 of 2 predictions right. Number by number they are what the stamps add up to.",
    );
    expect(gatherScore(game)).toEqual({ guessed: 2, right: 1 });
    expect(gather(game, 1).game.done).toBe(25);
  });

  test("a window of zeros, and a known slip", () => {
    const gaps = gather(beginGathering(0, settings({ stride: 3, kernel: 2 })), Infinity).game;
    expect(gathered(gaps, 0, 2)).toBe("out[0,2] = 0: the window sees nothing but zeros that were put there.");
    const game = gather(guessGathered(beginGathering(0, settings()), 0, 2, 6), Infinity).game;
    expect(gathered(game, 0, 2)).toContain("Your 6 is the last stamp alone");
  });
});

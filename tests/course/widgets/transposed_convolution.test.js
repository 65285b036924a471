// The TransposedConvolution widget: its arithmetic against golden numbers of torch (golden.py writes them), every bit;
// then its game, with sums checked by hand.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  CHOICES,
  PRESETS,
  allowedValues,
  answerAt,
  begin,
  canGuess,
  collisions,
  convTranspose2d,
  fit,
  guess,
  isAllowed,
  isAsymmetric,
  isDone,
  layAll,
  locate,
  makeRound,
  outputSize,
  overlapCounts,
  presetOf,
  score,
  shownAt,
  sizeSlip,
  slip,
  square,
  step,
  stepBack,
  sumOf,
} from "../../../course/widgets/transposed_convolution/core.js";
import { innerCounts, overlapMap, overlapVerdict } from "../../../course/widgets/transposed_convolution/overlaps.js";

const golden = (name) => JSON.parse(readFileSync(new URL(`./golden/${name}.json`, import.meta.url), "utf-8"));

// Object.is tells 0 from −0.
function expectSameBits(got, wanted) {
  expect([got.length, got[0].length]).toEqual([wanted.length, wanted[0].length]);
  wanted.forEach((line, row) => line.forEach((value, column) => expect(got[row][column]).toBe(value)));
}

const WHOLE = { columns: 2, stride: 2, kernel: 3, padding: 0, outputPadding: 0 };
const settings = (some = {}) => ({ ...WHOLE, ...some });
const playTo = (game, moves) => Array.from({ length: moves }).reduce((before) => step(before).game, game);
const shownOf = (game) => game.terms.map((line, row) => line.map((_, column) => shownAt(game, row, column).text));

describe("transposed convolution", () => {
  test.each(golden("conv_transpose2d"))("$name", ({ x, weight, sizes, expected, counts }) => {
    const all = { stride: [1, 1], ...sizes };
    expectSameBits(convTranspose2d(x, weight, all), expected);
    const kernel = [weight.length, weight[0].length];
    expectSameBits(overlapCounts([x.length, x[0].length], { ...all, kernel }), counts);
  });

  test.each(golden("conv_transpose2d_dials"))("dials: $name", ({ settings: dials, x, weight, expected }) => {
    expect(isAllowed(dials)).toBe(expected !== null);
    if (expected === null) return;
    expectSameBits(convTranspose2d(x, weight, square(dials)), expected);
    expect([2, dials.columns].map((count) => outputSize(count, dials))).toEqual([expected.length, expected[0].length]);
  });
});

describe("the game", () => {
  const allowed = golden("conv_transpose2d_dials")
    .filter(({ expected }) => expected !== null)
    .map(({ settings: dials }) => dials);

  test.each(allowed)(
    "$columns columns, s $stride, k $kernel, p $padding, op $outputPadding ends at the operator",
    (dials) => {
      for (const seed of [0, 1, 2]) {
        const game = layAll(begin(seed, dials)).game;
        const right = convTranspose2d(game.input, game.filter, square(dials));
        expect(game.size).toEqual([right.length, right[0].length]);
        let kept = 0;
        game.terms.forEach((line, row) =>
          line.forEach((_, column) => {
            const { at, zone } = locate(game, row, column);
            if (zone === "cropped") return;
            kept += 1;
            expect(answerAt(game, row, column)).toBe(right[at[0]][at[1]]);
            expect(shownAt(game, row, column).text).toBe(String(right[at[0]][at[1]]));
          }),
        );
        expect(kept).toBe(right.flat().length);
      }
    },
  );

  test("lays, shows the sum, adds up: by hand", () => {
    const game = begin(0, settings());
    const open = playTo(game, 2); // 1 and 2 times the filter [[3, 1, 2], [0, 2, 1], [1, 2, 0]]
    expect(shownOf(open)).toEqual([
      ["3", "1", "2+6", "2", "4"],
      ["0", "2", "1+0", "4", "2"],
      ["1", "2", "0+2", "4", "0"],
      ["", "", "", "", ""],
      ["", "", "", "", ""],
    ]);
    const { game: added, sentence } = step(open);
    expect(sentence).toBe("Added up: 2+6 = 8, 1+0 = 1, 0+2 = 2.");
    expect(shownAt(added, 0, 2)).toEqual({ text: "8", value: 8, count: 2 });
    const done = playTo(added, 4);
    expect(isDone(done)).toBe(true);
    expect(shownOf(done)).toEqual([
      ["3", "1", "8", "2", "4"],
      ["0", "2", "1", "4", "2"],
      ["10", "5", "20", "8", "8"],
      ["0", "6", "3", "8", "4"],
      ["3", "6", "4", "8", "0"],
    ]);
    expect(sumOf(done, 2, 2)).toBe("out[2,2] = 1·0 + 2·1 + 3·2 + 4·3 = 20.");
    expect(step(done).game).toBe(done);
  });

  test("without overlap goes from stamp to stamp", () => {
    const game = begin(0, settings({ kernel: 2 }));
    expect(step(game).sentence).toMatch(/^Stamp 1 of 4: input\[0,0\] = 1 times the filter, .* No cell is hit twice\./);
    expect(isDone(playTo(game, 4))).toBe(true);
  });

  test.each(allowed)("steps back the way it came (s $stride, k $kernel, p $padding)", (dials) => {
    const way = [begin(0, dials)];
    while (!isDone(way.at(-1))) way.push(step(way.at(-1)).game);
    let game = way.at(-1);
    for (const earlier of way.slice(0, -1).reverse()) {
      game = stepBack(game).game;
      expect({ ...game, scored: false }).toEqual({ ...earlier, scored: false });
    }
    expect(stepBack(game).game).toBe(game);
  });

  test("leaves the game that it was given alone", () => {
    const game = begin(0, settings());
    const before = structuredClone(game);
    layAll(step(guess(game, 0, 0, 3)).game);
    expect(game).toEqual(before);
  });

  test("counts cells that are hit again: products of zero are hits too", () => {
    const hits = collisions(playTo(begin(0, settings()), 2));
    expect(hits.map(({ row, column, before, product }) => [row, column, before, product])).toEqual([
      [0, 2, 2, 6],
      [1, 2, 1, 0],
      [2, 2, 0, 2],
    ]);
  });
});

describe("borders", () => {
  const zones = (game) => game.terms.map((line, row) => line.map((_, c) => locate(game, row, c).zone[0]).join(""));

  test("padding crops both ends of the canvas", () => {
    const game = begin(0, settings({ kernel: 4, padding: 1 }));
    expect(game.size).toEqual([4, 4]);
    expect(zones(game)).toEqual(["cccccc", "ckkkkc", "ckkkkc", "ckkkkc", "ckkkkc", "cccccc"]);
    const done = layAll(game).game;
    expect(sumOf(done, 0, 2)).toBe(
      "1·2 + 2·3 = 8 is computed outside the output, then thrown away: padding 1 crops it.",
    );
  });

  test("output_padding adds at the bottom and on the right: new cells, or such as padding would have cropped", () => {
    const empty = begin(0, settings({ outputPadding: 1 }));
    expect(zones(empty)).toEqual(["kkkkka", "kkkkka", "kkkkka", "kkkkka", "kkkkka", "aaaaaa"]);
    expect(sumOf(layAll(empty).game, 5, 5)).toBe(
      "out[5,5] = 0: output_padding added this cell, and no stamp reaches it.",
    );
    const kept = begin(0, settings({ outputPadding: 1, padding: 1 }));
    expect(zones(kept)).toEqual(["ccccc", "ckkka", "ckkka", "ckkka", "caaaa"]);
    expect(sumOf(layAll(kept).game, 4, 3)).toBe("out[3,2] = 4·2 = 8.");
  });
});

describe("predictions", () => {
  test("are judged cell by cell, the cropped ones never", () => {
    let game = begin(0, settings());
    game = guess(guess(guess(game, 0, 2, 8), 2, 2, 12), 0, 0, 3);
    expect(score(game)).toEqual({ guessed: 3, right: 2 });
    const cropped = begin(0, settings({ padding: 1 }));
    expect(guess(cropped, 0, 0, 3)).toBe(cropped);
  });

  test("can be made until the cell's last stamp is added up", () => {
    const game = begin(0, settings());
    expect([0, 1].map((moves) => canGuess(playTo(game, moves), 0, 0))).toEqual([true, false]);
    expect([1, 2, 3].map((moves) => canGuess(playTo(game, moves), 0, 2))).toEqual([true, true, false]);
    expect(canGuess(stepBack(layAll(game).game).game, 2, 2)).toBe(false); // seen is seen
  });

  test("a slip is named", () => {
    const game = begin(0, settings());
    expect(slip(game, 2, 2, 12)).toMatch(/Your 12 is the last stamp alone/);
    expect(slip(game, 0, 2, 2)).toMatch(/Your 2 is the first stamp alone/);
    expect(slip(game, 0, 3, 4)).toMatch(/Your 4 takes the filter turned by half/); // 2·w[1,1 from the end] = 2·2
    expect(slip(begin(0, settings({ kernel: 4, padding: 1 })), 1, 1, 3)).toMatch(/before padding crops/);
    expect([slip(game, 2, 2, 20), slip(game, 2, 2, null), slip(game, 2, 2, 99)]).toEqual(["", "", ""]);
  });

  test.each([
    [{}, 7, /counts 2 steps of 2: .* there are 1/],
    [{}, 4, /input times stride/],
    [{}, 6, /side by side/],
    [{ padding: 1 }, 4, /crops one side only/],
    [{ padding: 1 }, 5, /before padding crops/],
    [{ padding: 1 }, 7, /adds the padding/],
    [{ outputPadding: 1 }, 5, /leaves out output_padding/],
    [{ stride: 3 }, 4, /right for stride 1 only/],
  ])("a wrong size is explained: %o and %i", (some, value, why) =>
    expect(sizeSlip(begin(0, settings(some)), 0, value)).toMatch(why),
  );

  test("no explanation for what is right, and none invented", () => {
    const game = begin(0, settings());
    expect([5, null, 50].map((value) => sizeSlip(game, 1, value))).toEqual(["", "", ""]);
  });
});

describe("rounds", () => {
  test.each(CHOICES.kernel)("of kernel %i show every flip and turn of the filter", (kernel) => {
    for (let seed = 0; seed < 200; seed += 1) {
      const { input, filter } = makeRound(seed, settings({ kernel }));
      expect(isAsymmetric(filter)).toBe(true);
      expect(isAsymmetric(input)).toBe(true);
    }
  });

  test("are repeated by their seed", () => {
    expect(makeRound(3, settings())).toEqual(makeRound(3, settings()));
    expect(makeRound(3, settings())).not.toEqual(makeRound(4, settings()));
  });

  test("isAsymmetric knows symmetric planes", () => {
    expect(
      [
        [
          [1, 2],
          [2, 1],
        ],
        [
          [1, 1],
          [2, 2],
        ],
        [
          [1, 2],
          [3, 1],
        ],
      ].map(isAsymmetric),
    ).toEqual([false, false, false]);
  });
});

describe("settings", () => {
  test("each preset is allowed, and known again", () => {
    for (const [name, preset] of Object.entries(PRESETS)) {
      expect(isAllowed(settings(preset))).toBe(true);
      expect(presetOf(settings(preset))).toBe(name);
    }
    expect(presetOf(settings({ stride: 3 }))).toBeNull();
    expect(outputSize(5, PRESETS.cropped)).toBe(10);
    expect(outputSize(8, PRESETS.apart)).toBe(16);
  });

  test("what is not allowed goes to the nearest that is", () => {
    expect(fit(settings({ stride: 1, outputPadding: 2 }))).toEqual(settings({ stride: 1 }));
    expect(fit(settings({ stride: 1, kernel: 2, padding: 2 }))).toEqual(settings({ stride: 1, kernel: 2, padding: 1 }));
    expect(fit(settings())).toEqual(settings());
    expect(allowedValues(settings(), "outputPadding")).toEqual([0, 1]);
    expect(allowedValues(settings({ stride: 1, kernel: 2 }), "padding")).toEqual([0, 1]);
  });
});

describe("the map of overlaps", () => {
  const all = CHOICES.stride.flatMap((stride) => CHOICES.kernel.map((kernel) => ({ stride, kernel })));

  test.each(all)("says what is seen inside it: stride $stride, kernel $kernel", (some) => {
    const map = overlapMap(settings(some));
    const border = some.kernel - 1;
    const inner = map.slice(border, -border).map((line) => line.slice(border, -border));
    const seen = [...new Set(inner.flat())].sort((a, b) => a - b);
    expect(innerCounts(some)).toEqual(seen);
    expect(overlapVerdict(some).even).toBe(seen.length === 1);
  });

  test("kernel 3 and stride 2, by hand", () => {
    expect(overlapMap(settings())[2]).toEqual([2, 2, 4, 2, 4, 2, 4, 2, 4, 2, 4, 2, 2]);
    expect(overlapVerdict(settings()).verdict).toBe("Kernel 3 is not divisible by stride 2: overlaps are uneven.");
  });
});

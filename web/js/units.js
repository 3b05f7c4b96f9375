// Rows of a series by their unit: amounts of different units are never added, nor plotted together.

// A Map from unit to its rows, the units in the order of their names.
export function byUnit(list) {
	const units = new Map();
	for (const row of list.toSorted((a, b) =>
		a.unit < b.unit ? -1 : a.unit > b.unit ? 1 : 0,
	)) {
		if (!units.has(row.unit)) units.set(row.unit, []);
		units.get(row.unit).push(row);
	}
	return units;
}

export const bucketsOf = (list) => [...new Set(list.map(({ bucket }) => bucket))].sort();

// What the buckets of one series come to: sums, and the smallest and largest of them with their day.
export function summary(list) {
	const read = list.filter(({ amount }) => amount !== null);
	const ends = (better) =>
		read.reduce(
			(best, row) =>
				best === null || better(row.amount, best.amount) ? row : best,
			null,
		);
	const total = read.reduce((sum, { amount }) => sum + amount, 0);
	return {
		total,
		buckets: read.length,
		mean: read.length ? total / read.length : null,
		readings: list.reduce((sum, { readings }) => sum + readings, 0),
		lowest: ends((a, b) => a < b),
		highest: ends((a, b) => a > b),
	};
}

export const emptyBuckets = (list) => list.filter(({ readings }) => readings === 0).length;

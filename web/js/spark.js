// A line as small as a word: what a device consumed day by day, gaps left open.
import { svg } from './dom.js';

const WIDTH = 112;
const HEIGHT = 28;
const PAD = 2;

function pathOf(values, x, y) {
	let path = '';
	let pen = 'M';
	values.forEach((value, i) => {
		if (value === null) {
			pen = 'M';
			return;
		}
		path += `${pen}${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
		pen = 'L';
	});
	return path;
}

// A day whose neighbours have no readings would be a line without length.
function lonely(values, x, y) {
	return values.flatMap((value, i) =>
		value !== null &&
		(values[i - 1] ?? null) === null &&
		(values[i + 1] ?? null) === null
			? [svg('circle', { cx: x(i).toFixed(1), cy: y(value).toFixed(1), r: 1.5 })]
			: [],
	);
}

export function sparkline(amounts, label) {
	const values = amounts.map((amount) => (Number.isFinite(amount) ? amount : null));
	const known = values.filter((value) => value !== null);
	const low = Math.min(0, ...known);
	const high = Math.max(0, ...known);
	const x = (i) =>
		PAD +
		(values.length > 1 ? (i / (values.length - 1)) * (WIDTH - 2 * PAD) : WIDTH / 2);
	const y = (value) =>
		HEIGHT -
		PAD -
		(high > low ? ((value - low) / (high - low)) * (HEIGHT - 2 * PAD) : 0);
	return svg(
		'svg',
		{
			class: 'spark',
			viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
			width: WIDTH,
			height: HEIGHT,
			role: 'img',
			'aria-label': label,
		},
		svg('path', { class: 'spark-ground', d: `M0 ${y(0).toFixed(1)}H${WIDTH}` }),
		svg('path', { class: 'spark-line', d: pathOf(values, x, y) }),
		lonely(values, x, y),
	);
}

// A part of a whole as a bar; the number stands beside it.
export function shareBar(share) {
	const width = Math.max(0, Math.min(1, share)) * 100;
	return svg(
		'svg',
		{
			class: 'share',
			viewBox: '0 0 100 6',
			preserveAspectRatio: 'none',
			'aria-hidden': 'true',
		},
		svg('rect', { class: 'share-ground', width: 100, height: 6, rx: 1 }),
		svg('rect', { class: 'share-part', width: width.toFixed(2), height: 6, rx: 1 }),
	);
}

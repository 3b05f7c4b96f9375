// A plot over days: lines, or bars where few buckets of one series are shown. dygraphs paints; the
// keyboard, the readout and the words for screen readers are ours.
import { h } from './dom.js';
import { toTime, lastDay } from './dates.js';
import { amount, number, axisDate, bucketName } from './format.js';
import { onThemeChange } from './theme.js';

const MOST_BARS = 62;
const PATTERNS = [null, [7, 3], [2, 3]]; // colour is not the only difference
const KEY_STEPS = {
	ArrowLeft: -1,
	ArrowRight: 1,
	PageUp: -10,
	PageDown: 10,
	Home: -Infinity,
	End: Infinity,
};

let library = null;

// Begun by views before their data is there. dygraphs' own legend writes style attributes, which
// the Content-Security-Policy refuses; axes and grid are all we need of its plugins.
export function loadPlotting() {
	library ??= import('../lib/dygraph.min.js').then(() => {
		const { Dygraph } = globalThis;
		Dygraph.PLUGINS = [Dygraph.Plugins.Axes, Dygraph.Plugins.Grid];
		return Dygraph;
	});
	library.catch(() => {
		library = null;
	});
	return library;
}

function axisForm(granularity, { MONTHLY, ANNUAL }) {
	if (granularity >= ANNUAL) return 'year';
	return granularity >= MONTHLY ? 'month' : 'day';
}

// Bars from the zero line, as wide as the buckets allow.
function drawBars({ points, drawingContext: context, dygraph, color }) {
	const zero = dygraph.toDomYCoord(0);
	const gap =
		points.length > 1
			? Math.min(
					...points
						.slice(1)
						.map(
							(point, i) =>
								point.canvasx - points[i].canvasx,
						),
				)
			: 40;
	const width = Math.max(1, Math.min(44, gap * 0.72));
	context.fillStyle = color;
	for (const { canvasx, canvasy, yval } of points) {
		if (yval === null || Number.isNaN(yval)) continue;
		const height = zero - canvasy;
		const radius = Math.min(3, width / 2, Math.abs(height));
		context.beginPath();
		context.roundRect(
			canvasx - width / 2,
			Math.min(canvasy, zero),
			width,
			Math.abs(height),
			height > 0 ? [radius, radius, 0, 0] : [0, 0, radius, radius],
		);
		context.fill();
	}
}

const colour = (element) => getComputedStyle(element).color;

function optionsOf({ series, buckets, range }, probes, Dygraph) {
	const bars = series.length === 1 && buckets.length <= MOST_BARS;
	const half = (toTime(lastDay(buckets[0], range.by)) + 86400000 - toTime(buckets[0])) / 2;
	return {
		labels: ['bucket', ...series.map((one, i) => `${i}`)],
		labelsUTC: true,
		colors: probes.series.map(colour),
		includeZero: true,
		connectSeparatedPoints: false,
		drawGapEdgePoints: true,
		pointSize: 2.5,
		highlightCircleSize: 4.5,
		strokeWidth: 1.8,
		interactionModel: {}, // a finger on the plot scrolls the page
		gridLineColor: colour(probes.grid),
		axisLineColor: 'transparent',
		yRangePad: 4,
		dateWindow: bars
			? [toTime(buckets[0]) - half, toTime(buckets.at(-1)) + half]
			: null,
		xRangePad: bars ? 0 : 6,
		fillGraph: series.length === 1 && !bars,
		fillAlpha: 0.12,
		...(bars && { plotter: drawBars }),
		series: Object.fromEntries(
			series.map(({ at }, i) => [`${i}`, { strokePattern: PATTERNS[at] }]),
		),
		axes: {
			x: {
				drawGrid: false,
				pixelsPerLabel: 72,
				axisLabelFormatter: (date, granularity) =>
					axisDate(date, axisForm(granularity, Dygraph)),
			},
			y: { axisLabelWidth: 54, axisLabelFormatter: (value) => number(value) },
		},
	};
}

// What is said of one bucket: each series' amount, or that nothing was read.
function sayBucket({ series, buckets, range, unit }, at) {
	const parts = series.map(({ name, amounts }) => {
		const said = amounts[at] === null ? 'no readings' : amount(amounts[at], unit);
		return series.length === 1 ? said : `${name} ${said}`;
	});
	return `${bucketName(buckets[at], range)}: ${parts.join(', ')}`;
}

// The keyboard walks through the buckets, as a slider's does; what it stands on is shown and said.
function walk(box, readout, data, select) {
	let at = -1;
	const set = (next) => {
		at = next;
		readout.textContent = at < 0 ? readout.dataset.rest : sayBucket(data, at);
		box.setAttribute('aria-valuenow', Math.max(at, 0));
		box.setAttribute('aria-valuetext', at < 0 ? data.summary : sayBucket(data, at));
	};
	box.addEventListener('keydown', (event) => {
		const step = KEY_STEPS[event.key];
		if (step === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
		event.preventDefault();
		const from =
			at < 0 && Number.isFinite(step)
				? step > 0
					? -1
					: data.buckets.length
				: at;
		set(Math.max(0, Math.min(data.buckets.length - 1, from + step)));
		select(at);
	});
	box.addEventListener('blur', () => {
		set(-1);
		select(-1);
	});
	set(-1);
	return set;
}

function paint(Dygraph, canvas, data, probes, set) {
	const values = data.buckets.map((bucket, i) => [
		new Date(toTime(bucket)),
		...data.series.map(({ amounts }) =>
			Number.isFinite(amounts[i]) ? amounts[i] : null,
		),
	]);
	return new Dygraph(canvas, values, {
		...optionsOf(data, probes, Dygraph),
		highlightCallback: (event, x, points, row) => set(row),
		unhighlightCallback: () => set(-1),
	});
}

// data: { title, summary, unit, range, buckets: [first day], series: [{ at, name, amounts: [number or
// null] }] }; at: which of the colours and patterns it has, the same in every plot of a view.
export function plot(data, signal) {
	const rest = 'Point at the plot, or walk through it with the arrow keys.';
	const readout = h('p', { class: 'plot-readout', 'aria-hidden': 'true', 'data-rest': rest });
	const canvas = h('div', { class: 'plot-canvas' });
	const probes = {
		grid: h('i', { class: 'plot-grid-colour' }),
		series: data.series.map(({ at }) => h('i', { class: `series-${at + 1}` })),
	};
	const box = h(
		'div',
		{
			class: 'plot-box',
			tabindex: 0,
			role: 'slider',
			'aria-label': data.title,
			'aria-orientation': 'horizontal',
			'aria-valuemin': 0,
			'aria-valuemax': data.buckets.length - 1,
		},
		canvas,
		h('span', { hidden: true }, probes.grid, probes.series),
	);
	let graph = null;
	const set = walk(box, readout, data, (at) =>
		at < 0 ? graph?.clearSelection() : graph?.setSelection(at),
	);
	start();
	return h(
		'figure',
		{ class: 'plot' },
		readout,
		box,
		h('figcaption', { class: 'unseen' }, data.summary),
	);

	async function start() {
		let Dygraph;
		try {
			Dygraph = await loadPlotting();
		} catch {
			if (!signal.aborted)
				box.replaceChildren(
					h(
						'p',
						{ class: 'state' },
						'The plot cannot be shown: the server does not have dygraphs (Debian: libjs-dygraphs). The table has the same numbers.',
					),
				);
			return;
		}
		await whenInPage(canvas);
		if (signal.aborted) return;
		graph = paint(Dygraph, canvas, data, probes, set);
		performance.mark('swm.plot');
		onThemeChange(
			() =>
				graph.updateOptions({
					colors: probes.series.map(colour),
					gridLineColor: colour(probes.grid),
				}),
			signal,
		);
		signal.addEventListener('abort', () => graph.destroy(), { once: true });
	}
}

// dygraphs measures its box, which must have a size.
async function whenInPage(element) {
	while (!element.isConnected) await new Promise(requestAnimationFrame);
}

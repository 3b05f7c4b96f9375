// The fleet: what all devices consumed together, and which most of it. Each unit stands for itself.
import { h } from '../dom.js';
import { href } from '../router.js';
import { region, empty } from '../states.js';
import { plot, loadPlotting } from '../plot.js';
import { numbersTable } from '../table.js';
import { shareBar } from '../spark.js';
import { downloadButton } from '../download.js';
import { rangeControls, readRange } from '../range.js';
import { amount, bucketName, date, dateRange, exactNumber, integer, percent } from '../format.js';
import { byUnit, bucketsOf, summary } from '../units.js';
import { consumptionSpan, fleetSeries, fleetSeriesCsv, largestConsumers } from '../fleetdata.js';

const DEFAULTS = { days: 365, by: 'week' };
const MOST = 10;

function figure(label, value, more) {
	return h(
		'div',
		{ class: 'figure' },
		h('dt', null, label),
		h('dd', null, value, more && h('span', { class: 'quiet small' }, more)),
	);
}

function figures(unit, range, sum) {
	const { by } = range;
	return h(
		'dl',
		{ class: 'figures' },
		figure('Total', amount(sum.total, unit)),
		figure(`Mean of a ${by}`, amount(sum.mean, unit)),
		figure(
			`Lowest ${by}`,
			amount(sum.lowest.amount, unit),
			bucketName(sum.lowest.bucket, range),
		),
		figure(
			`Highest ${by}`,
			amount(sum.highest.amount, unit),
			bucketName(sum.highest.bucket, range),
		),
		figure('Readings', integer(sum.readings)),
	);
}

function consumersTable(unit, range, list) {
	return numbersTable(
		`Largest consumers in ${unit}`,
		[
			{
				title: 'Device',
				cell: (row) =>
					h(
						'a',
						{
							href: href('device', [row.device_id], {
								from: range.first,
								to: range.last,
								by: range.by,
							}),
						},
						row.device_name,
					),
			},
			{
				title: 'Consumed',
				number: true,
				cell: (row) => amount(row.amount, unit),
			},
			{
				title: 'Share',
				number: true,
				// a part of nothing, or of what is no number, is none
				cell: ({ share }) =>
					Number.isFinite(share)
						? h(
								'span',
								{ class: 'share-cell' },
								shareBar(share),
								h('span', null, percent(share)),
							)
						: '–',
			},
		],
		list,
	);
}

function wordsOf(unit, range, sum) {
	return `All devices, ${dateRange(range.first, range.last)} by ${range.by}: ${amount(sum.total, unit)} in all, lowest ${amount(sum.lowest.amount, unit)} (${bucketName(sum.lowest.bucket, range)}), highest ${amount(sum.highest.amount, unit)} (${bucketName(sum.highest.bucket, range)}). The table below has the numbers.`;
}

function unitSection(unit, list, consumers, range, signal) {
	const buckets = bucketsOf(list);
	const amounts = new Map(list.map((row) => [row.bucket, row.amount]));
	const sum = summary(list);
	if (sum.buckets === 0) return null;
	const data = {
		title: `Plot of the fleet in ${unit}`,
		summary: wordsOf(unit, range, sum),
		unit,
		range,
		buckets,
		series: [
			{
				at: 0,
				name: 'All devices',
				amounts: buckets.map((bucket) => amounts.get(bucket)),
			},
		],
	};
	const cell = (value) =>
		value === null ? h('span', { class: 'quiet' }, 'no readings') : exactNumber(value);
	const table = numbersTable(
		`The fleet's consumption in ${unit} by ${range.by}`,
		[
			{
				title: range.by[0].toUpperCase() + range.by.slice(1),
				cell: (row) => bucketName(row.bucket, range),
			},
			{ title: unit, number: true, cell: (row) => cell(row.amount) },
			{ title: 'Readings', number: true, cell: (row) => integer(row.readings) },
		],
		list,
	);
	return h(
		'section',
		{ class: 'card', 'aria-label': `The fleet in ${unit}` },
		h('h2', null, unit),
		figures(unit, range, sum),
		plot(data, signal),
		h('h3', null, 'Largest consumers'),
		consumersTable(unit, range, consumers),
		h(
			'details',
			{ class: 'numbers' },
			h('summary', null, `The numbers as a table (${unit})`),
			table,
		),
	);
}

async function draw(page, controls, signal) {
	const span = await consumptionSpan();
	if (!span)
		return empty(
			'There are no readings yet',
			'No device has sent any, or you may see none of them.',
		);
	const range = readRange(page.route.query, span, DEFAULTS);
	controls.show(range, span);
	if (range.error)
		return empty(
			'This range cannot be shown',
			`${range.error} `,
			h('a', { href: href('fleet') }, 'Show the last year'),
		);
	const [series, consumers] = await Promise.all([
		fleetSeries(range, signal),
		largestConsumers(range, MOST, signal),
	]);
	const most = byUnit(consumers);
	const sections = [...byUnit(series)]
		.map(([unit, list]) => unitSection(unit, list, most.get(unit) ?? [], range, signal))
		.filter(Boolean);
	if (sections.length === 0)
		return empty(
			`No readings for ${dateRange(range.first, range.last)}`,
			`The fleet has readings from ${date(span.first_date)} to ${date(span.last_date)}. `,
			h(
				'a',
				{
					href: href('fleet', [], {
						from: span.first_date,
						to: span.last_date,
						by: 'month',
					}),
				},
				'Show all of that time',
			),
		);
	return [
		sections,
		h(
			'div',
			{ class: 'actions' },
			downloadButton(
				'Download as CSV',
				`fleet_${range.first}_${range.last}_${range.by}.csv`,
				(stop) => fleetSeriesCsv(range, stop),
				signal,
			),
		),
	];
}

export function show(page) {
	loadPlotting().catch(() => {}); // the plot says so
	const controls = rangeControls(page);
	const place = region(page, { label: 'The fleet', lines: 8 });
	page.main.append(
		h('h1', { tabindex: -1 }, 'Fleet'),
		h('p', { class: 'lead' }, 'What all devices consumed together.'),
		h('div', { class: 'card settings' }, controls.element),
		place.element,
	);
	const update = () => place.load((signal) => draw(page, controls, signal));
	update();
	return update;
}

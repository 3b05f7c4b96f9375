// A device: what it consumed over a range, beside up to two others. Units have plots of their own.
import { h, announce, newId } from '../dom.js';
import { href } from '../router.js';
import { region, empty } from '../states.js';
import { plot, loadPlotting } from '../plot.js';
import { numbersTable } from '../table.js';
import { downloadButton } from '../download.js';
import { readingsPanel } from '../readings.js';
import { rangeControls, readRange } from '../range.js';
import { amount, bucketName, counted, date, dateRange, exactNumber, integer } from '../format.js';
import { byUnit, bucketsOf, emptyBuckets, summary } from '../units.js';
import {
	consumptionSpan,
	deviceNamed,
	devicesById,
	devicesNamed,
	deviceSeries,
	deviceSeriesCsv,
} from '../fleetdata.js';

const DEFAULTS = { days: 90, by: 'day' };
const MOST_COMPARED = 2;
const TYPING_PAUSE = 200;

const isId = (text) => /^-?\d{1,10}$/.test(text) && Math.abs(Number(text)) < 2 ** 31;

function comparedOf(query, id) {
	const ids = (query.get('with') ?? '').split(',').filter(isId).map(Number);
	return [...new Set(ids)].filter((other) => other !== id).slice(0, MOST_COMPARED);
}

// Who is compared, each to be removed, and a field that finds others by their names.
function comparison(page, id) {
	const list = h('ul', { class: 'chips' });
	const options = h('datalist', { id: newId('names') });
	const field = newId('compare');
	const note = h('p', { class: 'field-error', role: 'alert' });
	const input = h('input', {
		id: field,
		list: options.id,
		autocomplete: 'off',
		placeholder: 'Name of a device',
		oninput: suggest,
	});
	const form = h(
		'form',
		{
			class: 'compare',
			onsubmit: (event) => {
				event.preventDefault();
				add();
			},
		},
		h('div', { class: 'field' }, h('label', { for: field }, 'Compare with'), input),
		h('button', { type: 'submit', class: 'secondary' }, 'Add'),
	);
	const element = h('div', { class: 'controls' }, list, form, options, note);
	const compared = () => comparedOf(page.route.query, id);
	const set = (ids) => page.go({ with: ids.length ? ids.join(',') : null });
	let timer;

	function suggest(event) {
		clearTimeout(timer);
		note.textContent = '';
		// chosen from the list, not typed
		if (event.inputType === 'insertReplacementText' || event.inputType === undefined) {
			add();
			return;
		}
		const text = input.value.trim();
		timer = setTimeout(async () => {
			try {
				const found =
					text && !page.signal.aborted
						? await devicesNamed(text, page.signal)
						: [];
				if (text === input.value.trim())
					options.replaceChildren(
						...found
							.filter((one) => one.id !== id)
							.map((one) =>
								h('option', {
									value: one.device_name,
								}),
							),
					);
			} catch {
				/* suggestions are a help; adding says what is wrong */
			}
		}, TYPING_PAUSE);
	}

	async function add() {
		clearTimeout(timer);
		const name = input.value.trim();
		if (name === '') return;
		try {
			const found = await deviceNamed(name, page.signal);
			note.textContent = refusal(found, name);
			if (note.textContent !== '') return;
			input.value = '';
			options.replaceChildren();
			announce(`${name} is compared`);
			set([...compared(), found.id]);
		} catch (error) {
			if (!page.signal.aborted) note.textContent = error.message;
		}
	}

	function refusal(found, name) {
		if (found === null) return `There is no device “${name}”.`;
		return found.id === id || compared().includes(found.id)
			? `${name} is in the plot already.`
			: '';
	}

	function show(devices) {
		const others = compared();
		list.replaceChildren(
			...others.map((other) => {
				const name = devices.get(other) ?? `Device ${other}`;
				return h(
					'li',
					{ class: 'chip-item' },
					name,
					h(
						'button',
						{
							type: 'button',
							class: 'chip-remove',
							'aria-label': `Remove ${name} from the plot`,
							onclick: () => {
								form.hidden = false;
								input.focus();
								set(
									others.filter(
										(one) =>
											one !==
											other,
									),
								);
							},
						},
						'×',
					),
				);
			}),
		);
		const hadFocus = form.contains(document.activeElement);
		form.hidden = others.length >= MOST_COMPARED;
		if (hadFocus && form.hidden) list.querySelector('li:last-child button').focus();
	}
	return { element, show };
}

function totalsTable(unit, range, series) {
	const { by } = range;
	const bucket = (row) =>
		row
			? [
					amount(row.amount, unit),
					h(
						'span',
						{ class: 'quiet small' },
						bucketName(row.bucket, range),
					),
				]
			: '–';
	const extreme = (rows, of, pick) => {
		const known = rows
			.map((row) => row[of])
			.filter((value) => value !== null && value !== undefined);
		return known.length ? amount(pick(...known), unit) : '–';
	};
	const columns = [
		{
			title: 'Device',
			cell: ({ name, at }) => [
				h('i', { class: `swatch series-${at + 1}`, 'aria-hidden': 'true' }),
				name,
			],
		},
		{
			title: 'Total',
			number: true,
			cell: ({ sum }) => h('strong', null, amount(sum.total, unit)),
		},
		{
			title: `Mean of a ${by}`,
			number: true,
			cell: ({ sum }) => (sum.mean === null ? '–' : amount(sum.mean, unit)),
		},
		{ title: `Lowest ${by}`, number: true, cell: ({ sum }) => bucket(sum.lowest) },
		{ title: `Highest ${by}`, number: true, cell: ({ sum }) => bucket(sum.highest) },
	];
	if (by !== 'day')
		columns.push(
			{
				title: 'Smallest reading',
				number: true,
				cell: ({ rows }) => extreme(rows, 'smallest', Math.min),
			},
			{
				title: 'Largest reading',
				number: true,
				cell: ({ rows }) => extreme(rows, 'largest', Math.max),
			},
		);
	columns.push({ title: 'Readings', number: true, cell: ({ sum }) => integer(sum.readings) });
	return numbersTable(`Totals in ${unit}`, columns, series);
}

function wordsOf(unit, range, series) {
	const each = series.map(({ name, rows, sum }) => {
		if (sum.buckets === 0) return `${name}: no readings.`;
		const gaps = emptyBuckets(rows);
		return `${name}: ${amount(sum.total, unit)} in all, lowest ${amount(sum.lowest.amount, unit)} (${bucketName(sum.lowest.bucket, range)}), highest ${amount(sum.highest.amount, unit)} (${bucketName(sum.highest.bucket, range)})${gaps ? `, ${counted(gaps, range.by, `${range.by}s`)} without readings` : ''}.`;
	});
	return `${dateRange(range.first, range.last)} by ${range.by}. ${each.join(' ')} The table below has the numbers.`;
}

function bucketTable(unit, range, buckets, series) {
	const cell = (value) =>
		value === null ? h('span', { class: 'quiet' }, 'no readings') : exactNumber(value);
	return numbersTable(
		`Consumption in ${unit} by ${range.by}`,
		[
			{
				title: range.by[0].toUpperCase() + range.by.slice(1),
				cell: (i) => bucketName(buckets[i], range),
			},
			...series.map(({ name, amounts }) => ({
				title: `${name}, ${unit}`,
				number: true,
				cell: (i) => cell(amounts[i]),
			})),
		],
		buckets.map((bucket, i) => i),
	);
}

// One unit: its plot, totals and numbers.
function unitSection(unit, list, { range, ids, names, signal }) {
	const buckets = bucketsOf(list);
	const series = ids
		.map((id, at) => {
			const rows = list.filter((row) => row.device_id === id);
			const amounts = new Map(rows.map((row) => [row.bucket, row.amount]));
			return {
				at,
				name: names.get(id) ?? `Device ${id}`,
				rows,
				sum: summary(rows),
				amounts: buckets.map((bucket) => amounts.get(bucket) ?? null),
			};
		})
		.filter(({ rows }) => rows.length > 0);
	const title = `${series.map(({ name }) => name).join(', ')} in ${unit}`;
	return h(
		'section',
		{ class: 'card', 'aria-label': title },
		h('h2', null, unit),
		plot(
			{
				title: `Plot of ${title}`,
				summary: wordsOf(unit, range, series),
				unit,
				range,
				buckets,
				series,
			},
			signal,
		),
		totalsTable(unit, range, series),
		h(
			'details',
			{ class: 'numbers' },
			h('summary', null, `The numbers as a table (${unit})`),
			bucketTable(unit, range, buckets, series),
		),
	);
}

function nothingRead(page, range, span) {
	return empty(
		`No readings ${range.first === range.last ? `on ${date(range.first)}` : `for ${dateRange(range.first, range.last)}`}`,
		`The fleet has readings from ${date(span.first_date)} to ${date(span.last_date)}. `,
		h(
			'a',
			{
				href: href('device', page.route.args, {
					from: span.first_date,
					to: span.last_date,
					by: 'month',
				}),
			},
			'Show all of that time',
		),
	);
}

async function drawDevice(page, id, range, names, signal) {
	const ids = [id, ...comparedOf(page.route.query, id)];
	const found = await deviceSeries(ids, range, signal);
	const name = `${ids.join('-')}_${range.first}_${range.last}_${range.by}.csv`;
	const listed = new Map((await names).map((device) => [device.id, device.device_name]));
	const sections = [...byUnit(found.filter((row) => row.unit !== null))].map(([unit, list]) =>
		unitSection(unit, list, { range, ids, names: listed, signal }),
	);
	if (sections.length === 0) return null;
	return [
		sections,
		h(
			'div',
			{ class: 'actions' },
			downloadButton(
				'Download as CSV',
				`consumption_${name}`,
				(stop) => deviceSeriesCsv(ids, range, stop),
				signal,
			),
		),
	];
}

function noSuchDevice(page, id) {
	page.setTitle('No such device');
	return empty(
		`There is no device ${id}`,
		'It may have been deleted, or you may not see it. ',
		h('a', { href: href('devices') }, 'Go to the devices'),
	);
}

export function show(page) {
	const id = Number(page.route.args[0]);
	const title = h('h1', { tabindex: -1 }, `Device ${page.route.args[0] ?? ''}`);
	const back = h('p', { class: 'crumbs' }, h('a', { href: href('devices') }, 'Devices'));
	if (page.route.args.length !== 1 || !isId(page.route.args[0])) {
		page.main.append(
			back,
			title,
			empty(
				'This is no number of a device',
				h('a', { href: href('devices') }, 'Go to the devices'),
			),
		);
		return undefined;
	}
	loadPlotting().catch(() => {}); // the plot says so
	const controls = rangeControls(page);
	const compare = comparison(page, id);
	const place = region(page, { label: 'Consumption', lines: 8 });
	const settings = h('div', { class: 'card settings' }, controls.element, compare.element);
	page.main.append(
		back,
		title,
		h('p', { class: 'lead' }, `Number ${id}`),
		settings,
		place.element,
	);

	async function draw(signal) {
		const { query } = page.route;
		const names = devicesById([id, ...comparedOf(query, id)], signal);
		names.catch(() => {}); // awaited below
		const span = await consumptionSpan();
		const range = readRange(
			query,
			span ?? { last_date: new Date().toISOString().slice(0, 10) },
			DEFAULTS,
		);
		if (span) controls.show(range, span);
		const drawn =
			range.error || !span ? null : drawDevice(page, id, range, names, signal);
		drawn?.catch(() => {}); // awaited below
		const listed = new Map(
			(await names).map((device) => [device.id, device.device_name]),
		);
		compare.show(listed);
		settings.hidden = !listed.has(id);
		if (!listed.has(id)) return noSuchDevice(page, id);
		title.textContent = listed.get(id);
		page.setTitle(listed.get(id));
		if (range.error)
			return empty(
				'This range cannot be shown',
				`${range.error} `,
				h(
					'a',
					{ href: href('device', [id]) },
					`Show the last ${DEFAULTS.days} days`,
				),
			);
		if (!span)
			return empty(
				'There are no readings yet',
				'No device has sent any, or you may see none of them.',
			);
		return (await drawn) ?? nothingRead(page, range, span);
	}
	const update = () => place.load(draw);
	const readings = readingsPanel(page, id, update);
	page.main.append(readings.element);
	update();
	return update;
}

// The range of days and the bucket of a view: read from its route, changed by its controls.
import { h, newId } from './dom.js';
import { addDays, daysBetween, isDay } from './dates.js';
import { integer } from './format.js';

const MOST_BUCKETS = 10000; // of one series, as sql/05-series.sql counts them
const TYPING_PAUSE = 800;
const BUCKETS = ['day', 'week', 'month'];
const bucketDays = { day: 1, week: 7, month: 30 };
const PRESETS = [
	['30 days', 30],
	['90 days', 90],
	['1 year', 365],
];

// { first, last, by }, or { error }: a link may have anything. defaults: { days, by }.
export function readRange(query, span, defaults) {
	const last = query.get('to') ?? span.last_date;
	const first = query.get('from') ?? (isDay(last) ? addDays(last, 1 - defaults.days) : '');
	const by = query.get('by') ?? defaults.by;
	const error = rangeError(first, last, by);
	return error ? { error } : { first, last, by };
}

function rangeError(first, last, by) {
	if (!isDay(first) || !isDay(last))
		return `“${isDay(first) ? last : first}” is not a date like 2025-12-31.`;
	if (!BUCKETS.includes(by)) return `“${by}” is not one of day, week and month.`;
	if (first > last) return 'The first day is after the last one.';
	const count = Math.floor((daysBetween(first, last) - 1) / bucketDays[by]) + 1;
	return count > MOST_BUCKETS
		? `That is about ${integer(count)} points by ${by}; choose a shorter range, or longer steps.`
		: null;
}

// While a day is typed, each key makes another one: change() is called when somebody stops typing,
// or at once when a day was chosen. isTyped(): whether that is still to come.
function dateField(label, name, change) {
	const id = newId(name);
	let timer = null;
	let byKey = false;
	const now = () => {
		clearTimeout(timer);
		timer = null;
		change();
	};
	const typed = () => {
		clearTimeout(timer);
		timer = setTimeout(now, TYPING_PAUSE);
	};
	const input = h('input', {
		type: 'date',
		id,
		required: true,
		onkeydown: ({ key }) => {
			byKey = true;
			if (key === 'Enter' && timer !== null) now();
		},
		onpointerdown: () => {
			byKey = false;
		},
		onchange: () => (byKey ? typed() : now()),
		onblur: () => timer !== null && now(),
	});
	return {
		input,
		isTyped: () => timer !== null,
		element: h('div', { class: 'field' }, h('label', { for: id }, label), input),
	};
}

function bucketField(change) {
	const name = newId('by');
	const inputs = BUCKETS.map((by) =>
		h('input', { type: 'radio', name, value: by, onchange: () => change(by) }),
	);
	const element = h(
		'fieldset',
		{ class: 'segments' },
		h('legend', null, 'By'),
		inputs.map((input) => h('label', null, input, h('span', null, input.value))),
	);
	return { inputs, element };
}

// Controls that write to the route by page.go() and follow it by show(range, span).
export function rangeControls(page) {
	let span = null;
	const note = h('p', { class: 'field-error', role: 'alert' });
	const apply = () => {
		if (page.signal.aborted) return;
		const [from, to] = [first.input.value, last.input.value];
		const by = bucket.inputs.find((input) => input.checked)?.value ?? 'day';
		const error = rangeError(from, to, by);
		note.textContent = error ?? '';
		if (!error) page.go({ from, to });
	};
	const first = dateField('From', 'from', apply);
	const last = dateField('To', 'to', apply);
	const bucket = bucketField((by) => page.go({ by }));
	const choose = (days) => {
		const to = span.last_date;
		page.go({ from: days === null ? span.first_date : addDays(to, 1 - days), to });
	};
	const presets = [...PRESETS, ['All', null]].map(([text, days]) =>
		h(
			'button',
			{
				type: 'button',
				class: 'chip',
				'data-days': days ?? 'all',
				disabled: true,
				onclick: () => choose(days),
			},
			text,
		),
	);
	const element = h(
		'div',
		{ class: 'controls' },
		first.element,
		last.element,
		h(
			'div',
			{
				class: 'presets',
				role: 'group',
				'aria-label': 'Ranges up to the last reading',
			},
			presets,
		),
		bucket.element,
		note,
	);

	function show(range, newSpan) {
		span = newSpan;
		note.textContent = '';
		for (const button of presets) {
			const days = button.dataset.days;
			const from =
				days === 'all'
					? span.first_date
					: addDays(span.last_date, 1 - Number(days));
			button.disabled = false;
			button.setAttribute(
				'aria-pressed',
				range.first === from && range.last === span.last_date,
			);
		}
		if (range.error) return;
		if (!first.isTyped()) first.input.value = range.first;
		if (!last.isTyped()) last.input.value = range.last;
		for (const input of bucket.inputs) input.checked = input.value === range.by;
	}
	return { element, show };
}

// The readings of a device one by one: to enter one, and to correct one.
import { h, announce, isBusy, newId, setBusy } from './dom.js';
import { focusRow } from './table.js';
import { region, empty } from './states.js';
import { field, entryForm, Refusal } from './form.js';
import { date, exactNumber, inOwnForm, typedNumber } from './format.js';
import { isDay } from './dates.js';
import { may } from './schema.js';
import { addReading, correctReading, readingById, readingOn, readingsOf } from './writes.js';

const PART = 20;

const inWords = ({ amount, unit }) => `${exactNumber(amount)}\u00a0${unit}`;
const today = () => {
	const now = new Date();
	const two = (number) => String(number).padStart(2, '0');
	return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
};

// Three fields. read() gives what they hold, amounts as they were typed, or throws.
function readingFields(reading, units) {
	const list = h('datalist', { id: newId('units') });
	list.append(...units.map((unit) => h('option', { value: unit })));
	const day = field('Day', { type: 'date', value: reading.date, required: true });
	const amount = field('Amount', {
		inputmode: 'decimal',
		autocomplete: 'off',
		value: inOwnForm(reading.amount),
		required: true,
	});
	const unit = field('Unit', {
		list: list.id,
		autocomplete: 'off',
		value: reading.unit,
		required: true,
	});

	function read() {
		if (!isDay(day.input.value)) throw new Error('Enter the day of the reading.');
		const typed = typedNumber(amount.input.value);
		const unitText = unit.input.value.trim();
		if (unitText === '') throw new Error('Enter the unit, as kWh.');
		return { date: day.input.value, amount: typed, unit: unitText };
	}
	return {
		elements: [day.element, amount.element, unit.element, list],
		read,
		amount: amount.input,
	};
}

const same = (a, b) =>
	a.date === b.date && Number(a.amount) === Number(b.amount) && a.unit === b.unit;

// A button within a refusal that does what the reader then chooses.
const choice = (text, onclick) =>
	h('button', { type: 'button', class: 'secondary', onclick }, text);

// Enters a reading. For a day that has one, it offers to correct that one.
function newReadingForm(page, { id, units, done, correct }) {
	const fields = readingFields({ date: today(), amount: '', unit: units[0] ?? 'kWh' }, units);

	async function enter() {
		const typed = fields.read();
		try {
			await addReading(id, typed, page.signal);
		} catch (error) {
			if (error.code !== '23505') throw error;
			await taken(typed, error);
		}
		fields.amount.value = '';
		announce(`Entered ${inWords(typed)} on ${date(typed.date)}`);
		done();
	}
	async function taken(typed, error) {
		const there = await readingOn(id, typed, page.signal);
		if (there === null) throw error;
		if (same(there, typed)) return; // it was written, and only the answer was lost
		throw new Refusal(
			h('p', null, `There is a reading of that day: ${inWords(there)}.`),
			choice(`Correct it to ${inWords(typed)}`, () => correct(there, typed)),
		);
	}
	return entryForm({
		fields: fields.elements,
		text: 'Enter the reading',
		work: enter,
		signal: page.signal,
		inline: true,
		label: 'Enter a reading',
	});
}

// Corrects a reading that was shown. typed: what is already in the fields, if not the reading.
function correctionForm(page, { shown, typed, units, done, cancel }) {
	const fields = readingFields(typed ?? shown, units);
	let known = shown;

	async function correct() {
		const wanted = fields.read();
		if (!(await correctReading(known, wanted, page.signal)))
			await changedMeanwhile(wanted);
		announce(`Corrected to ${inWords(wanted)} on ${date(wanted.date)}`);
		done();
	}
	async function changedMeanwhile(wanted) {
		const now = await readingById(known.id, page.signal);
		if (now === null)
			throw new Refusal(
				h(
					'p',
					null,
					'This reading was deleted meanwhile, or you may not change it. What you typed is still here: you can enter it as a new one.',
				),
			);
		if (same(now, wanted)) return;
		if (same(now, known))
			throw new Refusal(h('p', null, 'You may not change this reading.'));
		const before = known;
		known = now; // to go on is to have seen it
		throw new Refusal(
			h(
				'p',
				null,
				`Somebody else has changed this reading from ${inWords(before)} on ${date(before.date)} to ${inWords(now)} on ${date(now.date)}. Nothing of yours was written yet.`,
			),
			h('p', null, 'Press “Correct” again to write yours, or leave theirs.'),
			choice('Leave theirs', done),
		);
	}
	const form = entryForm({
		fields: fields.elements,
		text: 'Correct',
		work: correct,
		signal: page.signal,
		inline: true,
		label: `Correct the reading of ${date(shown.date)}`,
		more: h(
			'button',
			{ type: 'button', class: 'secondary', onclick: cancel },
			'Cancel',
		),
	});
	form.addEventListener('keydown', ({ key }) => key === 'Escape' && cancel());
	return { form, focus: () => fields.amount.focus() };
}

// changed() is called when something was written. The element is closed until it is asked for.
export function readingsPanel(page, id, changed) {
	const place = region(page, { label: 'Readings', waits: true });
	const element = h(
		'details',
		{ class: 'card readings' },
		h('summary', null, h('h2', null, 'Single readings: enter, correct')),
		place.element,
	);
	element.addEventListener('toggle', () => element.open && place.load(draw), {
		signal: page.signal,
	});

	async function draw(signal) {
		const [enters, corrects, list] = await Promise.all([
			may('post', '/consumption'),
			may('patch', '/consumption'),
			readingsOf(id, { limit: PART }, signal),
		]);
		const units = [...new Set(list.map(({ unit }) => unit))];
		const done = () => {
			place.load(draw);
			changed();
		};
		const correct = (shown, typed) => startCorrection(shown, typed);
		const table = readingsTable(list, corrects && ((shown) => startCorrection(shown)));
		const corrections = h('div');

		function startCorrection(shown, typed) {
			const opener = document.activeElement;
			const cancel = () => {
				corrections.replaceChildren();
				opener.focus();
			};
			const { form, focus } = correctionForm(page, {
				shown,
				typed,
				units,
				done,
				cancel,
			});
			corrections.replaceChildren(
				h('h3', null, `Correct the reading of ${date(shown.date)}`),
				form,
			);
			focus();
		}
		return [
			enters
				? newReadingForm(page, { id, units, done, correct })
				: mayNot('You may read these readings, but not enter any.'),
			!corrects &&
				enters &&
				mayNot('You may enter readings, but not correct them.'),
			corrections,
			list.length === 0
				? empty('There are no readings of this device yet')
				: table.element,
		];
	}

	// A long list comes in parts, each after the last one that is there.
	function readingsTable(list, correct) {
		const body = h('tbody');
		const problem = h('p', { class: 'field-error', role: 'alert' });
		const more = h(
			'button',
			{ type: 'button', class: 'secondary', onclick: older },
			'Show older',
		);
		let last;
		const add = (part) => {
			body.append(...part.map((reading) => readingRow(reading, correct)));
			last = part.at(-1);
			more.hidden = part.length < PART;
		};
		async function older() {
			if (isBusy(more)) return;
			setBusy(more, true);
			problem.textContent = '';
			const shown = body.rows.length;
			try {
				add(
					await readingsOf(
						id,
						{ after: last, limit: PART },
						page.signal,
					),
				);
				focusRow(body.rows[shown]);
			} catch (error) {
				if (!page.signal.aborted) problem.textContent = error.message;
			}
			setBusy(more, false);
		}
		add(list);
		const titles = ['Day', 'Amount', correct && 'Change'].filter(Boolean);
		const head = titles.map((title) =>
			h('th', { scope: 'col', class: title === 'Amount' && 'number' }, title),
		);
		return {
			element: h(
				'div',
				null,
				h(
					'div',
					{ class: 'scroll' },
					h(
						'table',
						null,
						h('caption', null, 'Readings, newest first'),
						h('thead', null, h('tr', null, head)),
						body,
					),
				),
				problem,
				more,
			),
		};
	}
	return { element };
}

const mayNot = (text) =>
	h(
		'p',
		{ class: 'quiet' },
		`${text} `,
		h('a', { href: `#/sign-in?back=${encodeURIComponent(location.hash)}` }, 'Sign in'),
		' as somebody who may.',
	);

function readingRow(reading, correct) {
	return h(
		'tr',
		null,
		h('th', { scope: 'row' }, date(reading.date)),
		h('td', { class: 'number' }, inWords(reading)),
		correct &&
			h(
				'td',
				null,
				h(
					'button',
					{
						type: 'button',
						class: 'secondary small-button',
						'aria-label': `Correct the reading of ${date(reading.date)}`,
						onclick: () => correct(reading),
					},
					'Correct',
				),
			),
	);
}

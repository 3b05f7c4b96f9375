// Forms: labelled fields, and a button whose failure is told beside it. What was typed stays.
import { h, isBusy, newId, setBusy } from './dom.js';
import { ApiError } from './api.js';
import { problemText } from './states.js';
import { counted } from './format.js';

// A label and an input (or with rows a textarea). props are the input's; help stands below it.
export function field(label, props, help) {
	const id = newId('field');
	const helpId = help ? newId('help') : null;
	const input = h(props.rows ? 'textarea' : 'input', {
		id,
		'aria-describedby': helpId,
		...props,
	});
	const element = h(
		'div',
		{ class: 'field' },
		h('label', { for: id }, label),
		input,
		help && h('p', { class: 'quiet small', id: helpId }, help),
	);
	return { input, element };
}

function waitText(error) {
	return error.status === 429 || error.kind === 'unavailable'
		? h(
				'p',
				null,
				`Try again in ${counted(error.retryAfter ?? 60, 'second', 'seconds')}.`,
			)
		: null;
}

// What a failure is to people: the server's words, or those of an Error of the page itself.
export function failureText(error) {
	if (!(error instanceof ApiError)) return [h('p', null, error.message)];
	return [problemText(error), waitText(error)].flat(Infinity).filter(Boolean);
}

// Thrown by work() to show nodes of its own, with ways to go on.
export class Refusal extends Error {
	constructor(...nodes) {
		super('refused');
		this.nodes = nodes;
	}
}

// A form with a button that does one thing at a time. What work() throws is told above the button.
// inline: the fields stand beside each other.
export function entryForm({ fields, text, work, signal, more = [], inline = false, label }) {
	const problem = h('div', { class: 'form-problem', role: 'alert' });
	const button = h('button', { type: 'submit', 'data-focus': text }, text);
	const form = h(
		'form',
		{ class: 'stack', novalidate: true, 'aria-label': label },
		inline ? h('div', { class: 'controls' }, fields) : fields,
		problem,
		h('div', { class: 'actions' }, button, more),
	);

	async function submit(event) {
		event?.preventDefault();
		if (isBusy(button)) return;
		problem.replaceChildren();
		setBusy(button, true);
		try {
			await work();
		} catch (error) {
			if (signal.aborted) return;
			problem.replaceChildren(
				...(error instanceof Refusal ? error.nodes : failureText(error)),
			);
		} finally {
			setBusy(button, false);
		}
	}
	form.addEventListener('submit', submit);
	return form;
}

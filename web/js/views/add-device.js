// Adds a device.
import { h, announce } from '../dom.js';
import { href, navigate } from '../router.js';
import { region, failure } from '../states.js';
import { field, entryForm } from '../form.js';
import { ApiError } from '../api.js';
import { may } from '../schema.js';
import { addDevice, highestDeviceNumber } from '../writes.js';

function deviceForm(page, number) {
	const name = field('Name', { autocomplete: 'off', required: true, name: 'device_name' });
	const id = field(
		'Number',
		{
			inputmode: 'numeric',
			autocomplete: 'off',
			value: number,
			required: true,
			name: 'id',
		},
		'By which programs know it; no two devices have the same.',
	);
	return entryForm({
		fields: [name.element, id.element],
		text: 'Add the device',
		signal: page.signal,
		work: async () => {
			const device = {
				id: Number(id.input.value.trim()),
				device_name: name.input.value.trim(),
			};
			if (device.device_name === '') throw new Error('Enter a name.');
			if (!/^-?\d{1,10}$/.test(id.input.value.trim()))
				throw new Error(`“${id.input.value}” is not a whole number.`);
			await addDevice(device, page.signal);
			announce(`${device.device_name} added`);
			navigate(href('device', [device.id]));
		},
	});
}

function notAllowed(page) {
	const error = new ApiError('forbidden', {
		message: 'Your role may not add devices.',
		status: 403,
	});
	return failure(error, { retry: () => navigate(href('devices')), signal: page.signal });
}

export function show(page) {
	const place = region(page, { lines: 3 });
	page.main.append(
		h('p', { class: 'crumbs' }, h('a', { href: href('devices') }, 'Devices')),
		h('h1', { tabindex: -1 }, 'Add a device'),
		place.element,
	);
	place.load(async (signal) => {
		if (!(await may('post', '/devices'))) return notAllowed(page);
		const number = (await highestDeviceNumber(signal)) + 1;
		return h('section', { class: 'card narrow' }, deviceForm(page, number));
	});
}

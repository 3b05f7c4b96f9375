// The views. name: the first word of the route; menu: stands in the menu; parent: whose entry of
// the menu is marked instead; fleet: needs the schema swm; load: a module with `show(page)`, see
// doc/HACKING.md.
export const views = [
	{
		name: 'devices',
		title: 'Devices',
		menu: true,
		fleet: true,
		load: () => import('./views/devices.js'),
	},
	{
		name: 'device',
		title: 'Device',
		parent: 'devices',
		fleet: true,
		load: () => import('./views/device.js'),
	},
	{
		name: 'add-device',
		title: 'Add a device',
		parent: 'devices',
		fleet: true,
		load: () => import('./views/add-device.js'),
	},
	{
		name: 'fleet',
		title: 'Fleet',
		menu: true,
		fleet: true,
		load: () => import('./views/fleet.js'),
	},
	{ name: 'explore', title: 'Tables', menu: true, load: () => import('./views/explore.js') },
	{ name: 'import', title: 'Import', menu: true, load: () => import('./views/import.js') },
	{ name: 'sign-in', title: 'Sign in', load: () => import('./views/sign-in.js') },
];

// Another view may be there or not: who offers it asks first.
export const hasView = (name) => views.some((view) => view.name === name);

// Signing in with a token; what a token that is none, expired or refused is told; signing out.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { accessible, browserTests, everyLook, settled } from './support.mjs'

const { open, server, token, control } = browserTests()
const inAnHour = () => Math.floor(Date.now() / 1000) + 3600
const base64url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')

async function useToken(page, text) {
	await page.getByLabel('Token', { exact: true }).fill(text)
	await page.getByRole('button', { name: 'Use this token' }).click()
}

test('sign in, in every look', async () =>
	everyLook(open, (await server('sample')).url, 'sign-in', '#/sign-in'))

test('a token signs in, stays out of the URL, and is gone after signing out', async () => {
	const page = await open((await server('sample')).url, '#/fleet')
	await settled(page)
	const writer = await token({ role: 'swm_writer', exp: inAnHour() })
	await page.getByRole('link', { name: 'Sign in' }).click()
	await useToken(page, `Bearer ${writer}`)
	await page.getByRole('heading', { name: 'Fleet' }).waitFor()
	await page.getByText('swm_writer').waitFor()
	assert.ok(!page.url().includes(writer))
	assert.deepEqual(
		await page.evaluate(() => [
			sessionStorage.getItem('swm.token') !== null,
			Object.values(localStorage).some((value) => value.startsWith('eyJ')),
			document.cookie,
		]),
		[true, false, ''],
	)
	await page.getByRole('button', { name: 'Sign out' }).click()
	await page.getByRole('link', { name: 'Sign in' }).waitFor()
	assert.equal(await page.evaluate(() => sessionStorage.getItem('swm.token')), null)
})

test('a text that is no token, an expired one and a foreign one say so, and stay typed', async () => {
	const page = await open((await server('sample')).url, '#/sign-in', { allow: ['401'] })
	const field = page.getByLabel('Token', { exact: true })
	const problem = page.locator('.form-problem')
	await useToken(page, 'swordfish')
	await problem.getByText('This is not a token').waitFor()
	assert.equal(await field.inputValue(), 'swordfish')
	await useToken(page, await token({ role: 'swm_writer', exp: 1000 }))
	await problem.getByText('This token has expired').waitFor()
	const foreign = `${base64url({ alg: 'HS256' })}.${base64url({ role: 'swm_writer' })}.AAAA`
	await useToken(page, foreign)
	await problem.getByText('PGRST301').waitFor()
	assert.equal(await field.inputValue(), foreign)
	await accessible(page, 'a refused token')
	assert.equal(await page.evaluate(() => sessionStorage.getItem('swm.token')), null)
})

test('an expired token in the tab is told, with the way to sign in again', async () => {
	const value = await token({ role: 'swm_writer', exp: 1000 })
	const page = await open((await server('sample')).url, '#/devices', {
		token: value,
		allow: ['401'],
	})
	await page.getByText('Token expired').waitFor()
	await page.locator('.problem').getByRole('link', { name: 'Sign in' }).waitFor()
	await page.getByRole('link', { name: 'Sign in again' }).click()
	await page.getByRole('heading', { name: 'Sign in' }).waitFor()
	await useToken(page, await token({ role: 'swm_reader', exp: inAnHour() }))
	await page.getByRole('heading', { name: 'Devices' }).waitFor()
	await settled(page)
})

test('who has an expired token may go on without, or sign in by a password', async () => {
	const options = {
		token: await token({ role: 'swm_writer', exp: 1000 }),
		allow: ['401'],
	}
	const { url } = await server('sample')
	const page = await open(url, '#/fleet', options)
	await page.getByText('You need to sign in for this').waitFor()
	await accessible(page, 'an expired token')
	await page.getByRole('button', { name: 'Go on without signing in' }).click()
	await page.getByRole('region', { name: 'The fleet in kWh' }).waitFor()
	const signIn = await open(url, '#/sign-in', options)
	await signIn.getByLabel('Password').waitFor()
})

test('a name and a password sign in; a wrong password says so and keeps the name', async () => {
	const { url } = await server('sample')
	const person = {
		name: 'sample',
		person: 'ada',
		password: 'a long password',
		role: 'swm_writer',
	}
	await control('person', person)
	const page = await open(url, '#/sign-in', { allow: ['401'] })
	await page.getByLabel('Name').fill('ada')
	await page.getByLabel('Password').fill('a wrong password')
	await page.getByRole('button', { name: 'Sign in', exact: true }).click()
	await page.getByText('The name or the password is wrong').waitFor()
	assert.equal(await page.getByLabel('Name').inputValue(), 'ada')
	await page.getByLabel('Password').fill('a long password')
	await page.getByRole('button', { name: 'Sign in', exact: true }).click()
	await page.getByRole('heading', { name: 'Devices' }).waitFor()
	await page.getByText('(swm_writer)').waitFor()
	assert.ok(!page.url().includes('password'))
})

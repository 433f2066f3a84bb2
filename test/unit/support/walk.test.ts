import { expect, it } from 'vitest'
import { walkOver } from '../../support/walk.ts'

it('reading on and going back is what a restarted reader does', () => {
  expect(walkOver([1, 2, 3, 4], [1, 2, 3, 2, 3, 4])).toEqual({ rewinds: 1, jumps: [] })
})

it('an element that was left out is a jump', () => {
  expect(walkOver([1, 2, 3], [1, 3]).jumps).toEqual(['output 1 is 3, at 2 of the input, which was read to 0'])
})

it('a repetition of the input that was left out is a jump too, although nothing is missing', () => {
  expect(walkOver([1, 2, 3, 4, 2, 3, 4, 5], [1, 2, 3, 4, 5]).jumps).toEqual(['output 4 is 5, at 7 of the input, which was read to 3'])
})

it('where the input repeats itself, both places are followed', () => {
  expect(walkOver([1, 2, 1, 2, 3], [1, 2, 1, 2, 3])).toEqual({ rewinds: 0, jumps: [] })
  expect(walkOver([1, 2, 1, 2, 3], [1, 2, 1, 2, 1, 2, 3])).toEqual({ rewinds: 1, jumps: [] })
})

it('what the input never had is a jump', () => {
  expect(walkOver([1], [1, 7]).jumps).toEqual(['output 1 is 7, at no place of the input, which was read to 0'])
})
